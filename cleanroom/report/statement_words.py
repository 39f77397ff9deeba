"""The words of a statement's page in the languages that it speaks.

Ids, digests, amounts, codes of rules and the formula stay as they stand in the statement's bytes: both sides
quote them to each other. Every language has every text, with the same places to fill in.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

__all__ = ["STATEMENT_LANGUAGES", "words_in"]

_ENGLISH: Final = {
    "title": "Statement of {partner} for {period}",
    "to-be-paid": "to be paid, {currency}",
    "of-which": "opening {opening}, lines {lines}",
    "from": "From {party} as of {as_of}, made {made}. Plan {plan} version {version}, digest {digest}. "
    "Taxes are not part of this statement.",
    "balances": "Balances",
    "balances-note": "Amounts in the currency of the row; what is negative is carried",
    "lines-heading": "Lines",
    "lines-note": "Every line of the period",
    "disputes": "Disputes",
    "disputes-note": "Disputed lines are frozen until they are decided",
    "limits": "Limits",
    "limits-text": (
        "It says what this ledger owes by the plan on its day. Taxes are not in it, and it proves no payment."
    ),
    "check": "Check it yourself",
    "check-how": "{command} recomputes every line to the minor unit.",
    "head": "Ledger head {head}",
    "currency": "currency",
    "opening": "opening",
    "lines": "lines",
    "paid": "paid",
    "closing": "closing",
    "held": "held",
    "payable": "payable",
    "approved": "approved",
    "disputed": "disputed",
    "accrued": "accrued",
    "void": "void",
    "reversed": "reversed",
    "line": "line",
    "date": "date",
    "deal": "deal",
    "rule": "rule",
    "amount": "amount",
    "state": "state",
    "how": "how",
    "dispute": "dispute",
    "about": "about",
    "reason": "reason",
    "opened": "opened",
    "outcome": "outcome",
    "open": "open",
    "upheld": "upheld",
    "rejected": "rejected",
}
_GERMAN: Final = {
    "title": "Abrechnung für {partner}, {period}",
    "to-be-paid": "auszuzahlen, {currency}",
    "of-which": "Anfangssaldo {opening}, Posten {lines}",
    "from": "Von {party}, Stand {as_of}, erstellt {made}. Plan {plan}, Version {version}, "
    "Prüfsumme {digest}. Steuern sind nicht Teil dieser Abrechnung.",
    "balances": "Salden",
    "balances-note": "Beträge in der Währung der Zeile; Negatives wird vorgetragen",
    "lines-heading": "Posten",
    "lines-note": "Alle Posten des Zeitraums",
    "disputes": "Einsprüche",
    "disputes-note": "Posten mit Einspruch ruhen, bis entschieden ist",
    "limits": "Grenzen",
    "limits-text": (
        "Sie sagt, was dieses Hauptbuch an ihrem Tag nach dem Plan schuldet. Steuern sind nicht "
        "enthalten, und sie beweist keine Zahlung."
    ),
    "check": "Selbst nachrechnen",
    "check-how": "{command} rechnet jeden Posten auf die kleinste Währungseinheit nach.",
    "head": "Stand des Hauptbuchs {head}",
    "currency": "Währung",
    "opening": "Anfangssaldo",
    "lines": "Posten",
    "paid": "bezahlt",
    "closing": "Endsaldo",
    "held": "zurückgehalten",
    "payable": "fällig",
    "approved": "freigegeben",
    "disputed": "strittig",
    "accrued": "aufgelaufen",
    "void": "hinfällig",
    "reversed": "storniert",
    "line": "Posten",
    "date": "Datum",
    "deal": "Geschäft",
    "rule": "Regel",
    "amount": "Betrag",
    "state": "Stand",
    "how": "Rechenweg",
    "dispute": "Einspruch",
    "about": "betrifft",
    "reason": "Grund",
    "opened": "eröffnet",
    "outcome": "Ergebnis",
    "open": "offen",
    "upheld": "stattgegeben",
    "rejected": "abgelehnt",
}
_FRENCH: Final = {
    "title": "Relevé de {partner} pour {period}",
    "to-be-paid": "à payer, {currency}",
    "of-which": "solde initial {opening}, lignes {lines}",
    "from": "De {party}, au {as_of}, établi le {made}. Plan {plan}, version {version}, empreinte {digest}. "
    "Les taxes ne font pas partie de ce relevé.",
    "balances": "Soldes",
    "balances-note": "Montants dans la devise de la ligne ; un solde négatif est reporté",
    "lines-heading": "Lignes",
    "lines-note": "Toutes les lignes de la période",
    "disputes": "Contestations",
    "disputes-note": "Les lignes contestées sont gelées jusqu'à la décision",
    "limits": "Limites",
    "limits-text": (
        "Il dit ce que ce grand livre doit selon le plan à sa date. Les taxes n'y figurent pas, et il"
        " ne prouve aucun paiement."
    ),
    "check": "Vérifier soi-même",
    "check-how": "{command} recalcule chaque ligne à la plus petite unité monétaire.",
    "head": "Tête du grand livre {head}",
    "currency": "devise",
    "opening": "solde initial",
    "lines": "lignes",
    "paid": "payé",
    "closing": "solde final",
    "held": "retenu",
    "payable": "exigible",
    "approved": "approuvé",
    "disputed": "contesté",
    "accrued": "acquis",
    "void": "annulé",
    "reversed": "contre-passé",
    "line": "ligne",
    "date": "date",
    "deal": "affaire",
    "rule": "règle",
    "amount": "montant",
    "state": "état",
    "how": "calcul",
    "dispute": "contestation",
    "about": "objet",
    "reason": "motif",
    "opened": "ouverte le",
    "outcome": "issue",
    "open": "ouverte",
    "upheld": "acceptée",
    "rejected": "rejetée",
}
_SPANISH: Final = {
    "title": "Liquidación de {partner}, {period}",
    "to-be-paid": "a pagar, {currency}",
    "of-which": "saldo inicial {opening}, líneas {lines}",
    "from": "De {party}, a fecha de {as_of}, emitida el {made}. Plan {plan}, versión {version}, "
    "huella {digest}. Los impuestos no forman parte de esta liquidación.",
    "balances": "Saldos",
    "balances-note": "Importes en la moneda de la fila; un saldo negativo se traslada",
    "lines-heading": "Líneas",
    "lines-note": "Todas las líneas del periodo",
    "disputes": "Reclamaciones",
    "disputes-note": "Las líneas reclamadas quedan congeladas hasta la decisión",
    "limits": "Límites",
    "limits-text": (
        "Dice lo que este libro mayor debe según el plan en su fecha. No incluye impuestos y no "
        "prueba ningún pago."
    ),
    "check": "Comprobarlo por uno mismo",
    "check-how": "{command} recalcula cada línea hasta la unidad mínima de la moneda.",
    "head": "Cabeza del libro mayor {head}",
    "currency": "moneda",
    "opening": "saldo inicial",
    "lines": "líneas",
    "paid": "pagado",
    "closing": "saldo final",
    "held": "retenido",
    "payable": "pagadero",
    "approved": "aprobado",
    "disputed": "reclamado",
    "accrued": "devengado",
    "void": "sin efecto",
    "reversed": "revertido",
    "line": "línea",
    "date": "fecha",
    "deal": "operación",
    "rule": "regla",
    "amount": "importe",
    "state": "estado",
    "how": "cálculo",
    "dispute": "reclamación",
    "about": "sobre",
    "reason": "motivo",
    "opened": "abierta el",
    "outcome": "resultado",
    "open": "abierta",
    "upheld": "aceptada",
    "rejected": "rechazada",
}
_ALL: Final[Mapping[str, Mapping[str, str]]] = {
    "en": _ENGLISH,
    "de": _GERMAN,
    "fr": _FRENCH,
    "es": _SPANISH,
}

#: The languages of a statement's page, as HTML names them; the first is taken unless one is asked for.
STATEMENT_LANGUAGES: Final = tuple(_ALL)


def words_in(language: str) -> Mapping[str, str]:
    """The texts of one of STATEMENT_LANGUAGES by their names; KeyError for another."""
    return _ALL[language]
