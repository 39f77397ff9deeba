"""What the columns of an export are called: by each CRM, and by people who make their own lists.

Headers are compared in the form of `plain_header`. Each CRM is recognised by its marks, headers that no other
one uses: the score of a profile is two for each mark and one for each field it names, and the highest score
with at least one mark wins; without any mark the profile is `generic`. A field that the CRM's own names do
not fill is looked up among the generic ones, so that a column somebody added is found too.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final

PROFILES: Final = ("salesforce", "hubspot", "dynamics", "pipedrive", "generic")

Aliases = Mapping[str, Sequence[str]]

_SPACES = re.compile(r"[\s_\-\u00a0]+")


def plain_header(text: str) -> str:
    """A header as it is compared: no byte order mark or custom-field suffix, one space, lower case."""
    text = text.strip("\ufeff \t\r\n*:").casefold().removesuffix("__c")
    return _SPACES.sub(" ", text).strip()


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split("|"))


MARKS: Final[Mapping[str, frozenset[str]]] = {
    "salesforce": _names(
        "account owner|parent account id|billing country|billing country (text only)|billingcountry"
        "|billingcountrycode|billing city|billingcity|billing zip/postal code|billingpostalcode|account id"
        "|accountid|ownerid|parentid|isdeleted|masterrecordid|systemmodstamp|createddate|lastmodifieddate"
        "|numberofemployees|annualrevenue|dunsnumber|opportunity id|opportunity name|stagename|isclosed|iswon"
        "|forecastcategoryname|territory2id|objectid|opportunityid"
    ),
    "hubspot": _names(
        "record id|hs object id|company domain name|hs additional domains|additional domains|company owner"
        "|hubspot owner id|lifecycle stage|lifecyclestage|create date|createdate|deal name|dealname"
        "|deal stage|dealstage|deal owner|associated company|associated company ids|associated company id"
        "|hs lastmodifieddate"
    ),
    "dynamics": _names(
        "(do not modify) account|(do not modify) row checksum|(do not modify) modified on"
        "|(do not modify) opportunity|websiteurl|parentaccountid|customertypecode|industrycode|emailaddress1"
        "|address 1: country/region|address 1: city|address1 country|address1 city|relationship type"
        "|opportunityid|potential customer|est. revenue|est. close date|estimatedvalue|estimatedclosedate"
        "|statecode|customerid"
    ),
    "pipedrive": _names(
        "organization id|organization name|organization owner|organization labels|organization address"
        "|organization website|deal id|deal title|deal organization|deal organization id|deal status"
        "|deal value|deal stage|deal owner|deal won time|deal lost time|deal deal created"
    ),
}

_ACCOUNTS: dict[str, Aliases] = {
    "salesforce": {
        "id": ("account id", "account id 18", "account id (18)", "18 digit account id", "id"),
        "name": ("account name", "name"),
        "website": ("website",),
        "country": ("billing country", "billing country (text only)", "billingcountry", "billingcountrycode"),
        "city": ("billing city", "billingcity"),
        "postcode": ("billing zip/postal code", "billingpostalcode"),
        "phone": ("phone",),
        "parent_id": ("parent account id", "parentid", "parent account", "parent account: account name"),
        "owner": ("account owner", "ownerid"),
        "owner_email": ("account owner: email", "owner email"),
        "type": ("type",),
        "industry": ("industry",),
        "employees": ("employees", "numberofemployees"),
        "revenue": ("annual revenue", "annualrevenue"),
        "duns": ("d u n s number", "dunsnumber"),
        "ticker": ("ticker symbol", "tickersymbol"),
        "created": ("created date", "createddate"),
        "modified": ("last modified date", "lastmodifieddate", "systemmodstamp"),
        "deleted": ("isdeleted", "deleted"),
    },
    "hubspot": {
        "id": ("record id", "hs object id"),
        "name": ("company name", "name"),
        "website": ("company domain name", "domain", "website url", "website"),
        "domains": ("hs additional domains", "additional domains"),
        "country": ("country/region", "country"),
        "city": ("city",),
        "postcode": ("postal code", "zip"),
        "phone": ("phone number", "phone"),
        "parent_id": ("parent company id", "hs parent company id", "parent company"),
        "owner": ("company owner", "hubspot owner id"),
        "type": ("lifecycle stage", "lifecyclestage", "type"),
        "industry": ("industry",),
        "employees": ("number of employees", "numberofemployees"),
        "revenue": ("annual revenue", "annualrevenue"),
        "linkedin": ("linkedin company page",),
        "created": ("create date", "createdate"),
        "modified": ("last modified date", "hs lastmodifieddate"),
    },
    "dynamics": {
        "id": ("(do not modify) account", "accountid"),
        "name": ("account name", "name"),
        "website": ("website", "websiteurl"),
        "email": ("emailaddress1", "email"),
        "country": ("address 1: country/region", "address1 country"),
        "city": ("address 1: city", "address1 city"),
        "postcode": ("address 1: zip/postal code", "address1 postalcode"),
        "phone": ("main phone", "telephone1"),
        "parent_id": ("parentaccountid", "parent account"),
        "owner": ("owner", "ownerid"),
        "type": ("relationship type", "customertypecode"),
        "industry": ("industry", "industrycode"),
        "employees": ("number of employees", "numberofemployees"),
        "revenue": ("annual revenue", "revenue"),
        "ticker": ("ticker symbol", "tickersymbol"),
        "exchange": ("stock exchange", "stockexchange"),
        "created": ("created on", "createdon"),
        "modified": ("(do not modify) modified on", "modified on", "modifiedon"),
    },
    "pipedrive": {
        "id": ("organization id",),
        "name": ("organization name",),
        "website": ("organization website",),
        "country": ("organization country of address", "organization country"),
        "city": ("organization city/town/village/locality of address", "organization city"),
        "postcode": ("organization zip/postal code of address",),
        "owner": ("organization owner",),
        "type": ("organization labels", "organization label"),
        "industry": ("organization industry",),
        "employees": ("organization employee count", "organization number of employees"),
        "revenue": ("organization annual revenue",),
        "linkedin": ("organization linkedin profile", "organization linkedin", "organization linkedin url"),
        "created": ("organization organization created", "organization created"),
        "modified": ("organization update time",),
    },
    "generic": {
        "id": ("id", "account id", "company id", "crm id", "record id", "external id", "customer id"),
        "name": ("name", "account name", "company name", "company", "account", "organization",
                 "organisation"),
        "website": ("website", "domain", "url", "web site", "homepage", "website url", "company domain"),
        "domains": ("domains", "additional domains", "other domains"),
        "email": ("email", "e mail", "email address"),
        "country": ("country", "country/region", "country code"),
        "city": ("city", "town"),
        "postcode": ("postcode", "postal code", "zip", "zip code", "zip/postal code"),
        "phone": ("phone", "phone number", "telephone"),
        "parent_id": ("parent id", "parent account id", "parent company id", "parent account",
                      "parent company"),
        "owner": ("owner", "account owner"),
        "owner_email": ("owner email", "account owner email"),
        "type": ("type", "account type", "status"),
        "industry": ("industry",),
        "employees": ("employees", "number of employees", "headcount"),
        "revenue": ("revenue", "annual revenue"),
        "lei": ("lei", "lei code", "legal entity identifier"),
        "duns": ("duns", "duns number", "d u n s", "d u n s number"),
        "vat": ("vat", "vat number", "vat id", "vat no", "vat registration number"),
        "registration_number": (
            "registration number", "company number", "company registration number", "registration no",
            "companies house number", "siren", "siret", "orgnr", "organisation number",
        ),
        "isin": ("isin", "isin code", "isin number", "primary isin"),
        "ticker": ("ticker", "ticker symbol", "tickersymbol", "stock ticker", "stock symbol",
                   "exchange ticker", "primary ticker"),
        "exchange": ("stock exchange", "stockexchange", "ticker exchange", "listing exchange"),
        "linkedin": (
            "linkedin", "linkedin url", "linkedin company page", "linkedin company url", "linkedin page",
            "linkedin company", "company linkedin", "company linkedin url", "linkedin company profile",
            "linkedin company profile url", "linkedin profile", "linkedin profile url", "linkedin link",
            "linkedin handle", "linkedin company id", "linkedinurl", "linkedin slug",
        ),
        "created": ("created", "created at", "created date", "create date", "created on"),
        "modified": ("modified", "updated", "updated at", "last modified", "last modified date"),
        "deleted": ("is deleted", "deleted"),
        "population": ("population",),
    },
}  # fmt: skip

_OPPORTUNITIES: dict[str, Aliases] = {
    "salesforce": {
        "id": ("opportunity id", "id"),
        "account_id": ("account id", "accountid"),
        "name": ("opportunity name", "name"),
        "stage": ("stage", "stagename"),
        "amount": ("amount",),
        "currency": ("amount currency", "currencyisocode", "opportunity currency"),
        "created": ("created date", "createddate"),
        "closed": ("close date", "closedate"),
        "owner": ("opportunity owner", "owner id", "ownerid"),
        "type": ("type",),
        "is_closed": ("closed", "isclosed"),
        "is_won": ("won", "iswon"),
        "deleted": ("isdeleted",),
    },
    "hubspot": {
        "id": ("record id", "hs object id"),
        "account_id": (
            "associated company ids (primary)", "primary associated company id", "associated company ids",
            "associated company id", "associatedcompanyid", "associated company",
        ),
        "name": ("deal name", "dealname"),
        "stage": ("deal stage", "dealstage"),
        "amount": ("amount",),
        "currency": ("currency", "deal currency code"),
        "created": ("create date", "createdate"),
        "closed": ("close date", "closedate"),
        "owner": ("deal owner", "hubspot owner id"),
        "type": ("deal type", "dealtype"),
        "is_closed": ("is deal closed?", "is closed", "hs is closed"),
        "is_won": ("is closed won", "hs is closed won"),
    },
    "dynamics": {
        "id": ("(do not modify) opportunity", "opportunityid"),
        "account_id": ("parentaccountid", "customerid", "account", "potential customer"),
        "name": ("topic", "name"),
        "stage": ("pipeline phase", "stepname", "sales stage"),
        "status": ("status", "statecode"),
        "amount": ("actual revenue", "est. revenue", "estimatedvalue", "actualvalue"),
        "currency": ("currency", "transactioncurrencyid"),
        "created": ("created on", "createdon"),
        "closed": ("actual close date", "est. close date", "actualclosedate", "estimatedclosedate"),
        "owner": ("owner", "ownerid"),
    },
    "pipedrive": {
        "id": ("deal id",),
        "account_id": ("deal organization id", "organization id", "deal organization"),
        "name": ("deal title",),
        "stage": ("deal stage",),
        "status": ("deal status",),
        "amount": ("deal value",),
        "currency": ("deal currency of value", "deal currency"),
        "created": ("deal deal created", "deal created"),
        "closed": ("deal deal closed on", "deal won time", "deal expected close date"),
        "owner": ("deal owner",),
        "type": ("deal label", "deal labels"),
    },
    "generic": {
        "id": ("id", "opportunity id", "deal id"),
        "account_id": ("account id", "company id", "accountid", "account"),
        "name": ("name", "opportunity name", "opportunity", "deal name", "deal"),
        "stage": ("stage", "deal stage"),
        "status": ("status",),
        "amount": ("amount", "value", "deal value", "revenue"),
        "currency": ("currency", "currency code"),
        "created": ("created", "created at", "created date", "create date", "created on"),
        "closed": ("closed", "close date", "closed at", "closed date", "closed on"),
        "owner": ("owner", "opportunity owner", "deal owner"),
        "type": ("type", "deal type"),
        "is_closed": ("is closed",),
        "is_won": ("is won", "won"),
        "deleted": ("is deleted", "deleted"),
    },
}  # fmt: skip

_ACTIONS: dict[str, Aliases] = {
    "generic": {
        "id": ("id", "action id", "activity id", "record id"),
        "opportunity_id": ("opportunity id", "opportunityid", "deal id", "opportunity"),
        "account_id": ("account id", "accountid", "company id", "account"),
        "partner": ("partner", "partner name", "partner account"),
        "type": ("type", "action", "action type", "partner action type", "activity", "activity type"),
        "date": ("date", "action date", "partner action date", "activity date", "activitydate", "occurred",
                 "occurred at"),
        "proof": ("proof", "partner proof", "evidence", "link", "proof link"),
        "owner": ("partner owner", "owner", "assigned to"),
        "next_step": ("next joint step", "next step", "next steps"),
        "role": ("role", "partner role", "partner role on opportunity"),
        "source": ("source", "source system", "system", "record source", "recorded in", "logged in"),
        "direction": ("direction", "lead direction", "referral direction"),
        "outcome": ("outcome", "lead outcome", "referral outcome"),
        "due": ("due", "due date", "next joint step due", "next joint step date", "next step due",
                "next step date"),
        "logged": ("logged", "logged at", "logged on", "created", "created at", "created on", "created date",
                   "createddate", "create date", "createdate", "submitted", "submitted at"),
        "responded": ("responded", "responded at", "responded on", "response date", "first response",
                      "first response at", "first response on", "first response date", "first responded",
                      "first responded at", "first contacted", "first contacted at", "date first contacted",
                      "first outreach", "first outreach date", "accepted at", "picked up at"),
        "looped_back": ("looped back", "looped back at", "looped back on", "loop back", "loop back date",
                        "loopback date", "loop closed", "loop closed at", "partner informed",
                        "partner informed at", "partner informed on", "partner updated",
                        "partner updated at", "partner notified", "partner notified at",
                        "partner notified on", "feedback sent", "feedback sent at", "feedback given"),
        "deleted": ("isdeleted", "is deleted", "deleted"),
    }
}  # fmt: skip

_ATTRIBUTIONS: dict[str, Aliases] = {
    "generic": {
        "opportunity_id": ("opportunity id", "opportunityid", "deal id", "opportunity", "deal", "record id"),
        "partner": ("partner", "partner name", "partner account"),
        "status": ("status", "attribution type", "attribution", "attribution status", "type"),
        "share": ("share", "credit", "attribution share", "credit share", "weight"),
        "deleted": ("isdeleted", "is deleted", "deleted"),
    }
}  # fmt: skip

_STAGES: dict[str, Aliases] = {
    "generic": {
        "opportunity_id": ("opportunity id", "opportunityid", "deal id", "opportunity", "record id"),
        "stage": ("stage", "to stage", "new stage", "stage name", "stagename", "deal stage", "new value"),
        "entered": ("entered", "entered at", "entered on", "date entered", "stage date", "date", "changed",
                    "changed at", "changed on", "edit date", "created date", "createddate", "last modified"),
        "deleted": ("isdeleted", "is deleted", "deleted"),
    }
}  # fmt: skip

_TERRITORIES: dict[str, Aliases] = {
    "generic": {
        "account_id": ("account id", "accountid", "objectid", "object id", "company id", "record id",
                       "account"),
        "territory_id": ("territory id", "territory2id", "territory2 id", "territoryid"),
        "territory_name": ("territory name", "territory", "territory2.name", "territory: name"),
        "owner": ("owner", "territory owner", "account owner"),
        "deleted": ("isdeleted", "is deleted", "deleted"),
    }
}  # fmt: skip

_PAIRS: dict[str, Aliases] = {
    "generic": {
        "left_id": ("left id", "leftid", "ltable id", "id left", "id l", "left", "id1", "id 1", "id a",
                    "ida"),
        "right_id": ("right id", "rightid", "rtable id", "id right", "id r", "right", "id2", "id 2", "id b",
                     "idb"),
        "label": ("label", "gold", "is match", "match", "same"),
    }
}  # fmt: skip

_ALIASES: dict[str, Aliases] = {
    "generic": {
        "account_id": ("account id", "accountid", "company id", "record id", "crm id", "id",
                       "organization id"),
        "account_name": ("account name", "account", "company name", "company", "our name", "name"),
        "account_domain": ("account domain", "account website", "company domain", "our domain", "website"),
        "alias_name": ("alias name", "alias", "further name", "other name", "former name", "old name",
                       "previous name", "trading name", "brand", "brand name", "also known as", "aka"),
        "alias_domain": ("alias domain", "alias website", "further domain", "other domain", "old domain",
                         "former domain", "additional domain", "brand domain", "domain"),
        "parent_id": ("parent id", "parent account id", "parent company id", "parentid",
                      "ultimate parent id"),
        "parent_name": ("parent name", "parent", "parent account", "parent account name", "parent company",
                        "parent company name", "ultimate parent", "ultimate parent name", "global ultimate",
                        "global ultimate name", "group", "holding"),
        "parent_domain": ("parent domain", "parent website", "parent company domain",
                          "ultimate parent domain", "group domain"),
        "parent_country": ("parent country", "ultimate parent country", "global ultimate country"),
        "parent_city": ("parent city", "ultimate parent city"),
        "parent_lei": ("parent lei", "ultimate parent lei", "group lei"),
        "parent_duns": ("parent duns", "parent duns number", "ultimate parent duns", "global ultimate duns",
                        "global ultimate duns number"),
        "parent_vat": ("parent vat", "parent vat number", "parent vat id"),
        "parent_registration_number": ("parent registration number", "parent company number",
                                       "parent siren", "parent orgnr"),
        "deleted": ("is deleted", "deleted"),
    }
}  # fmt: skip

_RESTRICTIONS: dict[str, Aliases] = {
    "generic": {
        **{field: _ALIASES["generic"][field] for field in ("account_id", "account_name", "account_domain")},
        "column": ("column", "field", "attribute", "if column", "where"),
        "value": ("value", "equals", "is", "has value"),
        "rule": ("rule", "restriction", "access", "visibility", "sharing"),
        "partners": ("partners", "partner", "allowed partners", "only for", "allowed"),
        "deleted": ("is deleted", "deleted"),
    }
}

#: Aliases by kind of record, profile and field; the first header present is taken.
ALIASES: Final[Mapping[str, Mapping[str, Aliases]]] = {
    "accounts": _ACCOUNTS,
    "opportunities": _OPPORTUNITIES,
    "actions": _ACTIONS,
    "attributions": _ATTRIBUTIONS,
    "stages": _STAGES,
    "territories": _TERRITORIES,
    "pairs": _PAIRS,
    "aliases": _ALIASES,
    "restrictions": _RESTRICTIONS,
}
