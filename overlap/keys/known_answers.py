"""Whether the primitives of this machine give the published answers: a library is trusted, and looked at.

Ed25519: RFC 8032, section 7.1, test 2. X25519: RFC 7748, section 5.2. HKDF: RFC 5869, appendix A.3. scrypt:
RFC 7914, section 12. AES-256-GCM: test case 14 of the GCM specification. HPKE with the hybrid KEM is a draft
without vectors of our suite: a message sealed once, by cryptography 50, must still open.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from overlap.keys.sealing import OneTimeKey, seal_to
from overlap.keys.symmetric import RandomBytes, decrypt, encrypt, hkdf

_SEALED_BEFORE: Final = base64.b64decode(
    "dFMQiEXie7c4jqmEXQpTgGdK05Rc0k58O6WYZbWLYxGlrVc4liB/k/3Oi4u+EHha1A/nwaF7sncypl+rPydOFv/aPO6MfZkT"
    "EeGsA3NmsV4JwQJC4i6is9ynQfWehdg4OACx7lxn6U1S0LYBXW9PwNI1fQNb60QjK+2NYCZvDGqdBSlx6fpAefadZ3KY9ITM"
    "DnjAITtFF85+UojOKd4ZGb+he6E+QHdirrUn1sNRy9F2gpXtURHERlNXoZaiiC+57EFHT8cL29rK+KLcyO34CSELMYvHjJZ3"
    "kHUZFm/Iez98lEElluUttShTplGdz+D91dAR5YiqfW0BnBqtoZZ2mhGnzme2PwLfrshBCJaob/UTbPyDz85hzBx0st/VNJCq"
    "q8P0ZE79O+xzR5A8/j+9wp04CqLl/qrZGVHYToOKbBfjT19MURwS+gQj0GDn9+NLvLFy2aG0ycj1NBMyH9VuHQXJLOy1xUs7"
    "AfzZHBK+kmi6xwB2GgB3aXCYupjUjaEcf1K3J0+DmV3o0tl5NOUzyhGhjzqVreYiIlqd28uYRK5qoNV+JU/VS4cTsjFswWf3"
    "ycbbKyM3NI5a4DtxTcP+/nGmP0SbfSD8LUuvZdDvyx2a32X/lYSc3v4f9tVMnAz8OtzmD0vLe89mMg9Xk0VR1TC8MG5MMzBt"
    "kjtz2czgL4i+boVLs1lBSd9O77nOCKZkWT+vXg/fGvggfpdk7QQuli8W4sebmy/agMhFns6SzMVivdKUhNExeb1YQps+FbDn"
    "jSiq3guusaSTnpo5VV11DO19MIkUnZMsjoD3pqMpp07NqcXVJ0z3pCBweC4soyLVdWtlcqbattoJyclzV5HWsAoeX/jvto1q"
    "TOno3Y+FAzbIkD9wg5NTh8oqh4eO1NkFQqKe2hRBpoQfDLjGl5LwtSlnIS+ufuEMnI3y9O5JDiSMMi88K54M6epKOxPzEmy0"
    "rqDn5eOk/EuJRzCNEvGluG7f3iA6ZJ6Fh/Aa1H9A1nfraboEJssTo0+BWEm7CJLUGEedGZqPeL8bg1ZVdKKD7Cz9x5DEkfTt"
    "PChkzKf0fa4milBDzxiLnYx3jYcYvtg7Qv+nGdhk9m5WwqMsDQNbofb2aYpfeyy0d3DX/9+ygaJC1P9O1begoSk6SzH4q6hJ"
    "sqPbvNpC3kVMfYM7kjOhOpAE6c62b0GB2BU/jTaYyAY/9PRb8VB+ScsWKf5i+Gq+HcD2CaaWNJ1DCSQkU6+1dKHIezh1f5Nm"
    "SwwRqCMa8RWblNSgTA6wm6hGU/bRoluglURSDQG5TCie8ctTgWcPmG4GoH/19CWJu7uPWwAgHuJUOZeqPLLsBZmYOUm5qu/q"
    "UT6vilJl/oi6s6auFYHtKeBmDVA1s5ujl2J+AFPcasSRGVvdKMfUaB2QLRc6Xn7O6Btf9IGdTMuBUk80JpfDQfbN2TKHmCw7"
    "esGVfyOFOQ0RO5yvmYHa8A+6rGt7/DW8aBPLronuNdQYXN5ePYwObUR7lGnWSAwSByvnxMQm4RXzVFiu85yL"
)
_PUBLIC_DIGEST: Final = "d99e4496af749b54ee4a2d270c8057450624ecc5dc0866295ffc504a26134ad4"


def answers_as_published(primitive: str, random: RandomBytes) -> bool:
    """True when `primitive`, one of PRIMITIVES, gives the published answer here.

    `random` draws a fresh message for those that are also tried both ways.
    """
    return _TESTS[primitive](random)


def _ed25519(random: RandomBytes) -> bool:
    secret = bytes.fromhex("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb")
    signature = Ed25519PrivateKey.from_private_bytes(secret).sign(b"\x72")
    right = (
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
        "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
    )
    fresh, message = Ed25519PrivateKey.from_private_bytes(random(32)), random(64)
    Ed25519PublicKey.from_public_bytes(fresh.public_key().public_bytes_raw()).verify(
        fresh.sign(message), message
    )
    return signature.hex() == right


def _x25519(_random: RandomBytes) -> bool:
    scalar = bytes.fromhex("a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4")
    point = bytes.fromhex("e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c")
    shared = X25519PrivateKey.from_private_bytes(scalar).exchange(X25519PublicKey.from_public_bytes(point))
    return shared.hex() == "c3da55379de9c6908e94ea4df28d084f32eccf03491c71f754b4075577a28552"


def _hpke(random: RandomBytes) -> bool:
    key = OneTimeKey(bytes(range(96)))
    fresh = random(32)
    return (
        hashlib.sha256(key.public).hexdigest() == _PUBLIC_DIGEST
        and key.open_sealed(b"known answer", _SEALED_BEFORE, "the known answer") == b"overlap"
        and key.open_sealed(fresh, seal_to(key.public, fresh, fresh), "the known answer") == fresh
    )


def _aes_gcm(_random: RandomBytes) -> bool:
    sealed = encrypt(bytes(32), bytes(12), bytes(16), b"")
    right = "cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919"
    return sealed.hex() == right and decrypt(bytes(32), bytes(12), sealed, b"", "the vector") == bytes(16)


def _hkdf(_random: RandomBytes) -> bool:
    right = "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8"
    return hkdf(b"\x0b" * 22, b"", 42).hex() == right


def _scrypt(_random: RandomBytes) -> bool:
    derived = Scrypt(salt=b"NaCl", length=64, n=1024, r=8, p=16).derive(b"password")
    return derived.hex() == (
        "fdbabe1c9d3472007856e7190d01e9fe7c6ad7cbc8237830e77376634b373162"
        "2eaf30d92e22a3886ff109279d9830dac727afb94a83ee6d8360cbdfa2cc0640"
    )


_TESTS: Final[dict[str, Callable[[RandomBytes], bool]]] = {
    "Ed25519": _ed25519,
    "X25519": _x25519,
    "HPKE": _hpke,
    "AES-256-GCM": _aes_gcm,
    "HKDF": _hkdf,
    "scrypt": _scrypt,
}

#: What can be asked about.
PRIMITIVES: Final = tuple(_TESTS)
