"""WeChat Pay's transfer interface on loopback, as far as the adapter uses it: it checks every signature, keeps every transfer by its
number, and can lie, be silent or fail on demand.
"""

from __future__ import annotations

import base64
import json
import os
import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

APIV3_KEY = "0123456789abcdef0123456789abcdef"
KEY_ID = "PUB_KEY_ID_0000000000000000000000000001"
MCHID, SERIAL = "1900000001", "5157F09EFDC096DE15EBE81A47057A7200000000"
_PARTS = re.compile(r'(\w+)="([^"]*)"')


def make_pair() -> tuple[rsa.RSAPrivateKey, str, str]:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    return key, private.decode(), public.decode()


MERCHANT, MERCHANT_PEM, _ = make_pair()
PLATFORM, _, PLATFORM_PUBLIC = make_pair()
STRANGER, STRANGER_PEM, _ = make_pair()


@dataclass
class Fake:
    """`bills` is what it took, by number. `before` and `after` may raise or answer instead of it, before or after a bill was taken."""

    url: str = ""
    bills: dict[str, dict[str, Any]] = field(default_factory=dict)
    n_sent: dict[str, int] = field(default_factory=dict)
    n_forged: int = 0
    first_state: str = "WAIT_USER_CONFIRM"
    before: Callable[[dict[str, Any]], tuple[int, dict[str, Any]] | None] = lambda body: None
    after: Callable[[dict[str, Any]], tuple[int, dict[str, Any]] | None] = lambda body: None
    slow_to_cancel: bool = False
    signs_with: rsa.RSAPrivateKey = PLATFORM

    def paid_minor(self) -> int:
        return sum(bill["transfer_amount"] for bill in self.bills.values() if bill["state"] == "SUCCESS")

    def set_state(self, out_no: str, state: str, **said: Any) -> None:
        self.bills[out_no] |= {"state": state, **said}

    def notice(
        self, out_no: str, *, signer: rsa.RSAPrivateKey = PLATFORM, age: int = 0, key: str = APIV3_KEY
    ) -> tuple[dict[str, str], bytes]:
        """A signed and encrypted message about a bill."""
        nonce, data = "abcdefghijkl", json.dumps(self.bills[out_no]).encode()
        sealed = AESGCM(key.encode()).encrypt(nonce.encode(), data, b"mch_payment")
        body = json.dumps(
            {
                "id": "1", "event_type": "MCHTRANSFER.BILL.FINISHED", "resource_type": "encrypt-resource",
                "resource": {
                    "algorithm": "AEAD_AES_256_GCM", "nonce": nonce, "associated_data": "mch_payment",
                    "ciphertext": base64.b64encode(sealed).decode(),
                },
            }
        ).encode()  # fmt: skip
        return {name.lower(): value for name, value in _signed(body, signer, age).items()}, body


def _signed(body: bytes, signer: rsa.RSAPrivateKey, age: int = 0) -> dict[str, str]:
    stamp, nonce = str(int(time.time()) - age), os.urandom(8).hex()
    text = f"{stamp}\n{nonce}\n{body.decode()}\n".encode()
    signature = base64.b64encode(signer.sign(text, padding.PKCS1v15(), hashes.SHA256())).decode()
    return {
        "Wechatpay-Timestamp": stamp,
        "Wechatpay-Nonce": nonce,
        "Wechatpay-Serial": KEY_ID,
        "Wechatpay-Signature": signature,
        "Wechatpay-Signature-Type": "WECHATPAY2-SHA256-RSA2048",
    }


def start() -> tuple[Fake, ThreadingHTTPServer]:
    fake = Fake()

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_: Any) -> None:
            pass

        def do_POST(self) -> None:
            self._serve()

        def do_GET(self) -> None:
            self._serve()

        def _serve(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            if not _is_merchants(self.headers.get("Authorization", ""), self.command, self.path, body):
                fake.n_forged += 1
                return self._answer(401, {"code": "SIGN_ERROR", "message": "bad signature"})
            status, said = _act(fake, self.command, self.path, json.loads(body) if body else {})
            if status:
                self._answer(status, said)
            return None

        def _answer(self, status: int, said: dict[str, Any]) -> None:
            data = json.dumps(said).encode()
            self.send_response(status)
            for name, value in _signed(data, fake.signs_with).items():
                self.send_header(name, value)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    fake.url = f"http://127.0.0.1:{server.server_address[1]}"
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    return fake, server


def _is_merchants(header: str, method: str, path: str, body: bytes) -> bool:
    said = dict(_PARTS.findall(header))
    text = f"{method}\n{path}\n{said.get('timestamp')}\n{said.get('nonce_str')}\n{body.decode()}\n".encode()
    if said.get("mchid") != MCHID or said.get("serial_no") != SERIAL:
        return False
    try:
        signature = base64.b64decode(said.get("signature", ""))
        MERCHANT.public_key().verify(signature, text, padding.PKCS1v15(), hashes.SHA256())
    except Exception:  # whatever is wrong with it, it is no signature
        return False
    return True


def _act(fake: Fake, method: str, path: str, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
    if method == "POST" and path.endswith("/transfer-bills"):
        return _take(fake, body)
    out_no = path.split("/out-bill-no/")[1].split("/")[0]
    bill = fake.bills.get(out_no)
    if bill is None:
        return 404, {"code": "NOT_FOUND", "message": "no such bill"}
    if path.endswith("/cancel") and bill["state"] == "WAIT_USER_CONFIRM":
        bill["state"] = "CANCELING" if fake.slow_to_cancel else "CANCELLED"
    return 200, bill


def _take(fake: Fake, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
    out_no = body["out_bill_no"]
    fake.n_sent[out_no] = fake.n_sent.get(out_no, 0) + 1
    if told := fake.before(body):
        return told
    known = fake.bills.get(out_no)
    same = ("openid", "transfer_amount")
    if known is not None and any(known[name] != body[name] for name in same):
        return 400, {"code": "INVALID_REQUEST", "message": "same number, other transfer"}
    if known is None:
        fake.bills[out_no] = {
            "out_bill_no": out_no, "transfer_bill_no": f"1330{len(fake.bills):016}", "state": fake.first_state,
            "openid": body["openid"], "transfer_amount": body["transfer_amount"], "package_info": "affffddafdfafddffda==",
        }  # fmt: skip
    return fake.after(body) or (200, fake.bills[out_no])
