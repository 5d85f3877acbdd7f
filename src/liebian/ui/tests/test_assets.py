from pathlib import Path

from django.contrib.staticfiles import finders
from django.core.files.base import ContentFile

from liebian.ui.assets import VENDOR_FILES, AssetStorage, VendorFinder


def test_only_the_named_vendor_files_can_be_found():
    finder = VendorFinder()
    assert sorted(name for name, _ in finder.list([])) == sorted(VENDOR_FILES)
    assert finder.find("vendor/htmx.min.js").endswith("htmx.min.js")
    assert finder.find("vendor/../package.json") is None
    assert finder.find("package.json", find_all=True) == []


def test_every_file_that_the_shell_loads_can_be_found():
    for name in [
        *VENDOR_FILES,
        "ui/liebian.css",
        "ui/phone.css",
        "ui/liebian.js",
        "ui/echarts-theme.json",
        "ui/mark.svg",
    ]:
        assert finders.find(name), name


def test_before_the_first_collection_names_are_plain(tmp_path):
    storage = AssetStorage(location=tmp_path, base_url="/static/")
    assert storage.url("ui/liebian.css") == "/static/ui/liebian.css"


def test_collected_files_get_hashed_names_and_missing_source_maps_do_not_matter(tmp_path, settings):
    storage = AssetStorage(location=tmp_path, base_url="/static/")
    storage.save("a.css", ContentFile(b"body{}\n/*# sourceMappingURL=a.css.map */"))
    results = list(storage.post_process({"a.css": (storage, "a.css")}))
    assert not [processed for _, _, processed in results if isinstance(processed, Exception)]
    url = AssetStorage(location=tmp_path, base_url="/static/").url("a.css")
    assert url != "/static/a.css" and (tmp_path / Path(url).name).exists()


def test_the_customers_style_is_small_and_needs_nothing_modern():
    css = Path(finders.find("ui/phone.css")).read_text(encoding="utf-8")
    assert len(css) < 20_000
    for modern in ("light-dark(", "oklch(", "color-mix(", ":has(", "inset:", "@layer", "gap:"):
        assert modern not in css.split("*/", 1)[1]
