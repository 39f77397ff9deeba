"""Which register issues which number, country by country.

Only numbers of organisations are taken: where a country gives persons numbers of the same shape, `form`
leaves those out. `form` holds for the canonical number without separators.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import Final, Protocol, cast

#: Zeros that are put back in front at most, where two check digits do not allow more of them; numbers that
#: lost more are too likely something else.
MOST_ZEROS: Final = 2


class NumberModule(Protocol):
    """A number of python-stdnum."""

    def validate(self, number: str) -> str:
        """The number without separators; raises when it is not valid."""


@dataclass(frozen=True, slots=True)
class Register:
    """One scheme of numbers.

    `module` names the python-stdnum module that checks it, "" when there is no check and `form` decides
    alone; `digits` is the length of numbers that may begin with a zero (0: none does, none is restored);
    `keep` is how many characters name the organisation, the rest its branch (0: all); `suffix` is cut off
    the end first. With `keeps_separators` the number is more than one word. `zeros` are put back in front at
    most. With `bare`, zeros in front mean nothing and go.
    """

    scheme: str
    module: str
    digits: int = 0
    form: str = ".+"
    keep: int = 0
    suffix: str = ""
    keeps_separators: bool = False
    zeros: int = MOST_ZEROS
    bare: bool = False

    def canonical(self, number: str) -> str:
        """The canonical number, or "" when it is none of this register."""
        number = re.sub(f"(?:{self.suffix})$", "", number) if self.suffix else number
        found = self._validated(number) if self.module else number
        if not re.fullmatch(self.form, found):
            return ""
        found = found.lstrip("0") if self.bare else found
        return (found[: self.keep] if self.keep else found).upper()

    def _validated(self, number: str) -> str:
        # Some modules know their check letters only in lower case.
        module = load(self.module)
        return validated(module, number) or validated(module, number.lower())


@cache
def load(name: str) -> NumberModule:
    """The python-stdnum module, imported when a number of its register is first seen."""
    return cast(NumberModule, import_module(f"stdnum.{name}"))


def validated(module: NumberModule, number: str) -> str:
    """What `module` makes of the number, or "" when it refuses it in whatever way."""
    try:
        return module.validate(number)
    except (ArithmeticError, LookupError, TypeError, ValueError):
        # stdnum raises ValidationError, a ValueError; on odd input some modules let these others through.
        return ""


_EIGHT: Final = "[0-9]{8}"
_NINE: Final = "[0-9]{9}"
#: Companies House: eight digits, or a prefix for the kind of company and six digits.
_COMPANIES_HOUSE: Final = (
    "(?:[0-9]{8}|R[0-9]{7}|(?:AC|CE|CS|FC|GE|GS|IC|IP|LP|NC|NF|NI|NL|NO|NP|NR|NZ|OC|OE|PC|RC|RS|SC|SE|SF|SI|SL|SO|SP"
    "|SR|SZ|ZC)[0-9]{6})"
)

#: Alpha-2 country code to its registers of organisations, the most telling first.
NATIONAL: Final[dict[str, tuple[Register, ...]]] = {
    "AR": (Register("CUIT", "ar.cuit", form="3[034][0-9]{9}"),),
    "AT": (Register("FN", "at.businessid", form="0*[1-9][0-9]{0,5}[a-zA-Z]", bare=True),),
    "AU": (Register("ABN", "au.abn"), Register("ACN", "au.acn", 9)),
    "BE": (Register("KBO", "be.vat", 10),),
    "BG": (Register("UIC", "bg.vat", 9, _NINE),),
    "BR": (Register("CNPJ", "br.cnpj", 14, zeros=4),),
    "CA": (Register("BN", "ca.bn", keep=9),),
    "CH": (Register("UID", "ch.uid", suffix="MWST|TVA|IVA|TPV|HR"),),
    "CL": (Register("RUT", "cl.rut", form="[5-9][0-9]{7}[0-9K]"),),
    "CN": (Register("USCC", "cn.uscc"),),
    "CO": (Register("NIT", "co.nit", form="[89][0-9]{9}"),),
    "CZ": (Register("ICO", "cz.dic", 8, _EIGHT),),
    "DE": (Register("HR", "de.handelsregisternummer", keeps_separators=True),),
    "DK": (Register("CVR", "dk.cvr"),),
    "EE": (Register("REG", "ee.registrikood"),),
    "ES": (Register("CIF", "es.cif"),),
    "FI": (Register("YTUNNUS", "fi.ytunnus", 8),),
    "FR": (Register("SIREN", "fr.siren", 9), Register("SIREN", "fr.siret", 14, keep=9)),
    "GB": (Register("CRN", "", 8, _COMPANIES_HOUSE),),
    "HR": (Register("OIB", "hr.oib", 11),),
    "HU": (Register("ADOSZAM", "hu.anum", 8),),
    "ID": (Register("NPWP", "id.npwp", 15),),
    "IL": (Register("HP", "il.hp"),),
    "IN": (Register("PAN", "in_.pan", form="[A-Z]{3}[^P].+"), Register("GSTIN", "in_.gstin")),
    "IS": (Register("KENNITALA", "is_.kennitala", form="[4-7].+"),),
    "IT": (Register("IVA", "it.iva", 11),),
    "JP": (Register("CN", "jp.cn"),),
    "KR": (Register("BRN", "kr.brn"),),
    "LI": (Register("PEID", "li.peid"),),
    "LV": (Register("REG", "lv.pvn", 11, "[4-9][0-9]{10}"),),
    "MX": (Register("RFC", "mx.rfc", form=".{12}"),),
    "NL": (Register("KVK", "", 8, _EIGHT),),
    "NO": (Register("ORGNR", "no.orgnr", suffix="MVA"),),
    "PE": (Register("RUC", "pe.ruc", form="20[0-9]{9}"),),
    "PL": (
        Register("KRS", "", 0, "000[0-9]{7}"),
        Register("NIP", "pl.nip"),
        Register("REGON", "pl.regon", 9, keep=9),
        Register("REGON", "pl.regon", 14, keep=9),
    ),
    "PT": (Register("NIPC", "pt.nif", form="[5679][0-9]{8}"),),
    "RO": (Register("CUI", "ro.cui"),),
    "RS": (Register("PIB", "rs.pib"),),
    "RU": (Register("INN", "ru.inn", 10, "[0-9]{10}"), Register("OGRN", "ru.ogrn")),
    "SE": (Register("ORGNR", "se.orgnr", form="[0-9]{2}[2-9][0-9]{7}"),),
    "SG": (Register("UEN", "sg.uen"),),
    "SI": (Register("MATICNA", "si.maticna", keep=7), Register("DDV", "si.ddv")),
    "SK": (Register("ICO", "cz.dic", 8, _EIGHT),),
    "TH": (Register("MOA", "th.moa", 13),),
    "TR": (Register("VKN", "tr.vkn", 10),),
    "TW": (Register("UBN", "tw.ubn", 8),),
    "UA": (Register("EDRPOU", "ua.edrpou", 8),),
    "US": (Register("EIN", "us.ein", 9),),
    "VN": (Register("MST", "vn.mst", 10, keep=10),),
}

#: Prefixes of VAT numbers that are not the country's alpha-2 code.
VAT_PREFIXES: Final = {"EL": "GR", "XI": "GB"}

#: Alpha-2 country code to the scheme of its VAT (or goods and services tax) numbers.
VAT: Final[dict[str, Register]] = {
    code: Register("VAT", module, digits, form, suffix=suffix)
    for code, module, digits, form, suffix in (
        ("AT", "at.uid", 0, ".+", ""),
        ("AU", "au.abn", 0, ".+", ""),
        ("BE", "be.vat", 10, ".+", ""),
        ("BG", "bg.vat", 9, _NINE, ""),
        ("BR", "br.cnpj", 14, ".+", ""),
        ("CH", "ch.uid", 0, ".+", "MWST|TVA|IVA|TPV"),
        ("CY", "cy.vat", 0, ".+", ""),
        ("CZ", "cz.dic", 8, _EIGHT, ""),
        ("DE", "de.vat", 0, ".+", ""),
        ("DK", "dk.cvr", 0, ".+", ""),
        ("EE", "ee.kmkr", 0, ".+", ""),
        ("ES", "es.cif", 0, ".+", ""),
        ("FI", "fi.alv", 8, ".+", ""),
        ("FR", "fr.tva", 11, ".+", ""),
        ("GB", "gb.vat", 0, ".+", ""),
        ("GR", "gr.vat", 9, ".+", ""),
        ("HR", "hr.oib", 11, ".+", ""),
        ("HU", "hu.anum", 8, ".+", ""),
        ("IE", "ie.vat", 0, ".+", ""),
        ("IN", "in_.gstin", 0, ".+", ""),
        ("IT", "it.iva", 11, ".+", ""),
        ("LI", "li.peid", 0, ".+", ""),
        ("LT", "lt.pvm", 0, ".+", ""),
        ("LU", "lu.tva", 0, ".+", ""),
        ("LV", "lv.pvn", 11, "[4-9][0-9]{10}", ""),
        ("MC", "mc.tva", 0, ".+", ""),
        ("MT", "mt.vat", 0, ".+", ""),
        ("NL", "nl.btw", 0, ".+", ""),
        ("NO", "no.orgnr", 0, ".+", "MVA"),
        ("PL", "pl.nip", 0, ".+", ""),
        ("PT", "pt.nif", 0, "[5679][0-9]{8}", ""),
        ("RO", "ro.cui", 0, ".+", ""),
        ("RS", "rs.pib", 0, ".+", ""),
        ("SE", "se.orgnr", 0, "[0-9]{2}[2-9][0-9]{7}", "01"),
        ("SI", "si.ddv", 0, ".+", ""),
        ("SK", "sk.dph", 0, ".+", ""),
        ("TR", "tr.vkn", 10, ".+", ""),
    )
}
