"""How long an example takes says how busy the machine is, not whether the behaviour is right."""

from __future__ import annotations

import hypothesis

hypothesis.settings.register_profile("models", deadline=None)
hypothesis.settings.load_profile("models")
