"""Where customers live: a table of cities with real postal codes, weighted roughly by population."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from discovery.ingest.simulate.seasons import Floats, Ints


@dataclass(frozen=True)
class Place:
    """A city: weight, country (ISO 3166-1), region (ISO 3166-2), name, postal codes, latitude, longitude."""

    weight: float
    country: str
    region: str
    city: str
    postal_codes: tuple[str, ...]
    latitude: float
    longitude: float


#: Share of customers in the United States; the table below splits the rest.
_US_SHARE = 0.64

# state, weight, city, postal codes, latitude, longitude
_UNITED_STATES = """
AL 5 Birmingham 35203,35205,35209 33.52 -86.80
AK 1 Anchorage 99501,99503,99508 61.22 -149.90
AZ 7 Phoenix 85003,85008,85016 33.45 -112.07
AR 3 Little_Rock 72201,72205 34.75 -92.29
CA 24 Los_Angeles 90012,90026,90034,90046 34.05 -118.24
CA 15 San_Francisco 94103,94110,94117,94122 37.77 -122.42
CO 6 Denver 80202,80205,80211 39.74 -104.99
CT 4 Hartford 06103,06105,06106 41.76 -72.68
DE 1 Wilmington 19801,19805 39.74 -75.55
DC 1 Washington 20001,20009,20016 38.91 -77.04
FL 12 Miami 33125,33133,33143 25.76 -80.19
FL 10 Orlando 32801,32806,32822 28.54 -81.38
GA 11 Atlanta 30303,30308,30318 33.75 -84.39
HI 1 Honolulu 96813,96816 21.31 -157.86
ID 2 Boise 83702,83704 43.62 -116.20
IL 13 Chicago 60601,60614,60622,60647 41.88 -87.63
IN 7 Indianapolis 46202,46220,46227 39.77 -86.16
IA 3 Des_Moines 50309,50312 41.59 -93.62
KS 3 Wichita 67202,67208 37.69 -97.34
KY 4 Louisville 40202,40204,40207 38.25 -85.76
LA 5 New_Orleans 70112,70115,70118 29.95 -90.07
ME 1 Portland 04101,04102,04103 43.66 -70.26
MD 6 Baltimore 21201,21210,21224 39.29 -76.61
MA 9 Boston 02108,02115,02116,02130 42.36 -71.06
MI 10 Detroit 48201,48207,48226 42.33 -83.05
MN 6 Minneapolis 55401,55408,55419 44.98 -93.27
MS 3 Jackson 39201,39211 32.30 -90.18
MO 6 Kansas_City 64105,64111,64113 39.10 -94.58
MT 1 Billings 59101,59102 45.78 -108.50
NE 2 Omaha 68102,68105,68132 41.26 -95.93
NV 3 Las_Vegas 89101,89117,89123 36.17 -115.14
NH 2 Manchester 03101,03104 42.99 -71.45
NJ 9 Newark 07102,07104,07105 40.74 -74.17
NM 2 Albuquerque 87102,87106,87110 35.08 -106.65
NY 16 New_York 10001,10011,10025,10128 40.71 -74.01
NY 4 Buffalo 14201,14209,14222 42.89 -78.88
NC 11 Charlotte 28202,28205,28209 35.23 -80.84
ND 1 Fargo 58102,58103 46.88 -96.79
OH 12 Columbus 43201,43206,43215 39.96 -83.00
OK 4 Oklahoma_City 73102,73106,73118 35.47 -97.52
OR 4 Portland 97202,97209,97214 45.52 -122.68
PA 13 Philadelphia 19103,19107,19147 39.95 -75.17
RI 1 Providence 02903,02906 41.82 -71.41
SC 5 Charleston 29401,29403 32.78 -79.93
SD 1 Sioux_Falls 57103,57105 43.55 -96.73
TN 7 Nashville 37203,37206,37212 36.16 -86.78
TX 17 Houston 77002,77007,77019 29.76 -95.37
TX 13 Austin 78701,78704,78745 30.27 -97.74
UT 3 Salt_Lake_City 84101,84103,84106 40.76 -111.89
VT 1 Burlington 05401,05408 44.48 -73.21
VA 9 Richmond 23219,23220,23221 37.54 -77.44
WA 8 Seattle 98101,98103,98115 47.61 -122.33
WV 2 Charleston 25301,25304 38.35 -81.63
WI 6 Milwaukee 53202,53207,53211 43.04 -87.91
WY 1 Cheyenne 82001,82009 41.14 -104.82
"""
_ELSEWHERE = """
CA-ON 7 Toronto M5V_2T6,M4C_1B5,M6K_3P6 43.65 -79.38
CA-QC 4 Montreal H2X_1Y4,H3A_0G4 45.50 -73.57
CA-BC 3 Vancouver V6B_1A1,V5K_0A1 49.28 -123.12
GB-ENG 9 London SW1A_1AA,E1_6AN,N1_9GU 51.51 -0.13
GB-SCT 2 Edinburgh EH1_1YZ,EH8_9YL 55.95 -3.19
DE-BE 4 Berlin 10115,10437,10999 52.52 13.40
DE-BY 3 Munich 80331,80802 48.14 11.58
FR-IDF 4 Paris 75003,75011,75018 48.86 2.35
AU-NSW 4 Sydney 2000,2010,2026 -33.87 151.21
AU-VIC 2 Melbourne 3000,3065 -37.81 144.96
NL-NH 2 Amsterdam 1012_AB,1054_GH 52.37 4.90
IE-D 2 Dublin D02_X285,D08_K0Y2 53.35 -6.26
ES-MD 2 Madrid 28001,28013 40.42 -3.70
IT-RM 2 Rome 00118,00184 41.90 12.50
SE-AB 1 Stockholm 111_20,118_20 59.33 18.07
NZ-AUK 1 Auckland 1010,0600 -36.85 174.76
"""


def _read(table: str, prefix: str, share: float) -> tuple[Place, ...]:
    lines = [line.split() for line in table.strip().splitlines()]
    total = sum(float(weight) for _, weight, *_ in lines)
    return tuple(
        Place(
            share * float(weight) / total,
            (prefix + code).split("-")[0],
            prefix + code,
            city.replace("_", " "),
            tuple(codes.replace("_", " ").split(",")),
            float(latitude),
            float(longitude),
        )
        for code, weight, city, codes, latitude, longitude in lines
    )


PLACES: tuple[Place, ...] = _read(_UNITED_STATES, "US-", _US_SHARE) + _read(_ELSEWHERE, "", 1 - _US_SHARE)
COUNTRIES: tuple[str, ...] = tuple(sorted({p.country for p in PLACES}))
REGIONS: tuple[str, ...] = tuple(sorted({p.region for p in PLACES}))
CITIES: tuple[str, ...] = tuple(sorted({p.city for p in PLACES}))
POSTAL_CODES: tuple[str, ...] = tuple(c for p in PLACES for c in p.postal_codes)

PLACE_WEIGHT: Floats = np.array([p.weight for p in PLACES]) / sum(p.weight for p in PLACES)
PLACE_COUNTRY: Ints = np.array([COUNTRIES.index(p.country) for p in PLACES], dtype=np.int64)
PLACE_REGION: Ints = np.array([REGIONS.index(p.region) for p in PLACES], dtype=np.int64)
PLACE_CITY: Ints = np.array([CITIES.index(p.city) for p in PLACES], dtype=np.int64)
PLACE_POINT: Floats = np.array([(p.latitude, p.longitude) for p in PLACES])
POSTAL_COUNT: Ints = np.array([len(p.postal_codes) for p in PLACES], dtype=np.int64)
POSTAL_FIRST: Ints = np.cumsum(POSTAL_COUNT) - POSTAL_COUNT
