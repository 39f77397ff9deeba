"""RFC 9380: expand_message_xmd of appendix K.3, curve25519_XMD:SHA-512_ELL2_NU_ of appendix J.4.2."""

from __future__ import annotations

import pytest

from overlap.group import hash_to_group
from overlap.group.field import A, P
from overlap.group.hashing import expand_message, hash_one, map_to_curve

EXPANDER_DST = b"QUUX-V01-CS02-with-expander-SHA512-256"
SUITE_DST = b"QUUX-V01-CS02-with-curve25519_XMD:SHA-512_ELL2_NU_"

#: Message, length in bytes, uniform bytes.
EXPANDED = (
    (b"", 32, "6b9a7312411d92f921c6f68ca0b6380730a1a4d982c507211a90964c394179ba"),
    (b"abc", 32, "0da749f12fbe5483eb066a5f595055679b976e93abe9be6f0f6318bce7aca8dc"),
    (b"abcdef0123456789", 32, "087e45a86e2939ee8b91100af1583c4938e0f5fc6c9db4b107b83346bc967f58"),
    (b"q128_" + b"q" * 128, 32, "7336234ee9983902440f6bc35b348352013becd88938d2afec44311caf8356b3"),
    (b"a512_" + b"a" * 512, 32, "57b5f7e766d5be68a6bfe1768e3c2b7f1228b3e4b3134956dd73a59b954c66f4"),
    (
        b"",
        128,
        "41b037d1734a5f8df225dd8c7de38f851efdb45c372887be655212d07251b921b052b62eaed99b46"
        "f72f2ef4cc96bfaf254ebbbec091e1a3b9e4fb5e5b619d2e0c5414800a1d882b62bb5cd1778f098b"
        "8eb6cb399d5d9d18f5d5842cf5d13d7eb00a7cff859b605da678b318bd0e65ebff70bec88c753b15"
        "9a805d2c89c55961",
    ),
    (
        b"abc",
        128,
        "7f1dddd13c08b543f2e2037b14cefb255b44c83cc397c1786d975653e36a6b11bdd7732d8b38adb4"
        "a0edc26a0cef4bb45217135456e58fbca1703cd6032cb1347ee720b87972d63fbf232587043ed290"
        "1bce7f22610c0419751c065922b488431851041310ad659e4b23520e1772ab29dcdeb2002222a363"
        "f0c2b1c972b3efe1",
    ),
    (
        b"abcdef0123456789",
        128,
        "3f721f208e6199fe903545abc26c837ce59ac6fa45733f1baaf0222f8b7acb0424814fcb5eecf6c1"
        "d38f06e9d0a6ccfbf85ae612ab8735dfdf9ce84c372a77c8f9e1c1e952c3a61b7567dd0693016af5"
        "1d2745822663d0c2367e3f4f0bed827feecc2aaf98c949b5ed0d35c3f1023d64ad1407924288d366"
        "ea159f46287e61ac",
    ),
    (
        b"q128_" + b"q" * 128,
        128,
        "b799b045a58c8d2b4334cf54b78260b45eec544f9f2fb5bd12fb603eaee70db7317bf807c406e263"
        "73922b7b8920fa29142703dd52bdf280084fb7ef69da78afdf80b3586395b433dc66cde048a258e4"
        "76a561e9deba7060af40adf30c64249ca7ddea79806ee5beb9a1422949471d267b21bc88e688e401"
        "4087a0b592b695ed",
    ),
    (
        b"a512_" + b"a" * 512,
        128,
        "05b0bfef265dcee87654372777b7c44177e2ae4c13a27f103340d9cd11c86cb2426ffcad5bd96408"
        "0c2aee97f03be1ca18e30a1f14e27bc11ebbd650f305269cc9fb1db08bf90bfc79b42a952b46daf8"
        "10359e7bc36452684784a64952c343c52e5124cd1f71d474d5197fefc571a92929c9084ffe1112cf"
        "5eea5192ebff330b",
    ),
)

#: Message, field element u, x of Q (before the cofactor is cleared), x of P (after).
HASHED = (
    (
        b"",
        0x608D892B641F0328523802A6603427C26E55E6F27E71A91A478148D45B5093CD,
        0x51125222DA5E763D97F3C10FCC92EA6860B9CCBBD2EB1285728F566721C1E65B,
        0x1BB913F0C9DAEFA0B3375378FFA534BDA5526C97391952A7789EB976EDFE4D08,
    ),
    (
        b"abc",
        0x46F5B22494BFEAA7F232CC8D054BE68561AF50230234D7D1D63D1D9ABECA8DA5,
        0x7D56D1E08CB0CCB92BAF069C18C49BB5A0DCD927EFF8DCF75CA921EF7F3E6EEB,
        0x7C22950B7D900FA866334262FCAEA47A441A578DF43B894B4625C9B450F9A026,
    ),
    (
        b"abcdef0123456789",
        0x235FE40C443766CE7E18111C33862D66C3B33267EFA50D50F9E8E5D252A40AAA,
        0x3FBE66B9C9883D79E8407150E7C2A1C8680BEE496C62FABE4619A72B3CABE90F,
        0x31AD08A8B0DEEB2A4D8B0206CA25F567AB4E042746F792F4B7973F3AE2096C52,
    ),
    (
        b"q128_" + b"q" * 128,
        0x001E92A544463BDA9BD04DDBE3D6EED248F82DE32F522669EFC5DDCE95F46F5B,
        0x227E0BB89DE700385D19EC40E857DB6E6A3E634B1C32962F370D26F84FF19683,
        0x027877759D155B1997D0D84683A313EB78BDB493271D935B622900459D52CEAA,
    ),
    (
        b"a512_" + b"a" * 512,
        0x1A68A1AF9F663592291AF987203393F707305C7BAC9C8D63D6A729BDC553DC19,
        0x3BCD651EE54D5F7B6013898AAB251EE8ECC0688166FCE6E9548D38472F6BD196,
        0x5FD892C0958D1A75F54C3182A18D286EFAB784E774D1E017BA2FB252998B5DC1,
    ),
)


@pytest.mark.parametrize(("message", "length", "uniform"), EXPANDED)
def test_expansion_gives_the_published_bytes(message: bytes, length: int, uniform: str) -> None:
    assert expand_message(message, EXPANDER_DST, length).hex() == uniform


@pytest.mark.parametrize(("message", "element", "before", "after"), HASHED)
def test_the_map_takes_the_published_field_element_to_q(
    message: bytes, element: int, before: int, after: int
) -> None:
    assert map_to_curve(element) == before


@pytest.mark.parametrize(("message", "element", "before", "after"), HASHED)
def test_hashing_one_message_gives_q(message: bytes, element: int, before: int, after: int) -> None:
    assert hash_one(message, SUITE_DST) == before.to_bytes(32, "little")


def test_hashing_all_messages_at_once_gives_every_q() -> None:
    expected = b"".join(before.to_bytes(32, "little") for _, _, before, _ in HASHED)
    assert hash_to_group([message for message, *_ in HASHED], SUITE_DST) == expected


@pytest.mark.parametrize(("message", "element", "before", "after"), HASHED)
def test_three_doublings_of_the_hash_give_p(message: bytes, element: int, before: int, after: int) -> None:
    u = int.from_bytes(hash_one(message, SUITE_DST), "little")
    assert double(double(double(u))) == after


def double(u: int) -> int:
    """Doubling on a Montgomery curve by the u-coordinate alone (RFC 7748, section 5, in affine form)."""
    p = int(P)
    return (u * u - 1) ** 2 * pow(4 * u * (u * u + A * u + 1), -1, p) % p
