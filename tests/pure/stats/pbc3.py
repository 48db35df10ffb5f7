"""The PBC3 trial of cyclosporin A against placebo in primary biliary cirrhosis (Lombard et al. 1993), and what Andersen
and Ravn print of it (Models for Multi-State Survival Data, Chapman & Hall 2023).

Data and figures as on the pages of the book, repository multi-state-book/companion: data/pbc3.csv; the rates of Table
2.1 in R/chapter2_pbc3.qmd (under Figure 2.2), its events and days in R/chapter4_pbc3.qmd (SAS under Figure 4.4); in
docs/Ch4.html "In-text: Kaplan-Meier estimates at 2 years", and Table 4.2, scenario 1, by R mets.
"""

import numpy as np

# Days; t transplanted, d died before, - neither; p placebo, c cyclosporin A
_TEXT = """
    1168tc 405-c 1735-p 241-c 754-c 1593-p 235dc 1332-c 1163-c 1423tp 362-c 429tp 1621-p 1202-p 590-c 690-c
    849-c 964-c 1241-c 691dc 1166tc 356-c 482-p 425dp 254dp 1573-c 989-c 1483-c 1031-p 2018-c 1144-p 1599-c
    2083-c 758-p 117dp 653-c 2124-p 98tp 751-c 1054-c 355-p 858-c 865tp 355-c 891-c 695-p 380-p 926-p 1265dp
    1391dc 1296-p 1061-c 1767-c 972-p 261dp 213tp 749-c 1087-p 1630-p 928dp 371tp 818-c 802-p 1252-p 2146-p
    1853-c 508-p 199dp 355-p 962-p 384-c 262-p 1046dp 351-p 1859dp 1734-p 1252-c 133dp 945dp 552-c 1284-p
    1313-c 775-c 646-p 724-p 241-c 1229-p 1267-c 24dp 1759-p 703-c 351dp 978dc 962-c 1169dc 325-p 1725-c
    1670-c 207-p 1125-p 656-c 489tp 821dp 766tc 714tp 1762-p 436-c 1283-c 276-p 810-c 1493-c 787-p 398-c
    878-p 818-p 2056-c 1433-c 487tp 545-p 1255-p 1509-p 249dp 679dc 508-p 2118-c 1733-c 509-p 6-c 725-c
    1441-p 563-p 1282-c 1290dc 1698-c 384-c 1606-p 1753-c 396dp 669tc 2077-c 650-p 1255-p 1215-c 1746-p
    1074-c 562-c 818-p 1888-c 1644-c 947-c 933-c 1423-p 1257-p 72-c 485-p 678-c 1642-c 767-p 1066-c 1066tc
    649-c 791dp 916dc 1068-c 280dc 1433-c 1262-c 758-p 684-c 380-p 1229-c 1657-p 1234-p 1143-c 1433tc 1865-p
    1377-p 944-c 811-p 1509-p 1444-c 1622-c 378dc 1647-p 443-c 552-p 1038-p 1440-c 1144-p 930-c 1200-p 346-c
    1137-p 640-p 893-c 1256-p 620-p 923-p 1742-c 576-c 1392-c 931dc 193dp 1-c 1127tp 1171tc 562dc 608-c
    169dp 35dc 1125-p 166-p 781-p 1482-c 632-c 1728-p 814-p 1648-c 1324dp 1304-p 1043dc 700-p 1290-c 1252-c
    1040-c 1703dc 743dc 1838-p 1446-c 379-p 1423-c 1143-p 355-p 1276-p 1277-p 1332-c 1249dc 907-c 877-c
    114tp 503-p 1134dc 940-c 639dc 663-c 466-c 1355-p 1648-p 472dc 1399-p 1076-p 196-p 639tc 1621-p 339tp
    632-p 146tc 1307-c 995dp 1327-p 576-c 1105dp 1151-c 87-p 461tc 368dp 604-p 655-p 901-p 1272-p 379dp
    929-c 656-p 682-p 2098-p 362tc 347tc 458-p 166-c 1255-c 962dc 765-c 754-c 8-c 1313-c 612tc 1325tp 143-c
    600-p 786dp 1547dc 413tp 195dc 548-c 592dp 1298-c 2098-p 746-c 355-p 367dc 1250-c 31-c 1283-p 252-c
    366tp 1143-p 1185-c 977-p 1090-c 430dp 2131-p 1161-c 1325dp 264dc 625dc 928-p 1273-p 221dc 495-c 1571-p
    1775-p 795-c 156dc 107dc 365-c 1238tc 1591-p 797-c 1608-c 317-c 985dp 1308-c 1152-p 1125-p 674-p 773-c
    130-p 286dc 1647dp 1256-p 1433-p 1299-p 1763-p 962-p 1145-p 1796-c 1198dp 810-p 1486-c
"""
_ROWS = _TEXT.split()
DAYS = np.array([int(row[:-2]) for row in _ROWS])
END = np.array(["-td".index(row[-2]) for row in _ROWS])
CYCLOSPORIN = np.array([int(row[-1] == "c") for row in _ROWS])

BOOK = "Andersen & Ravn 2023, PBC3 trial"
# Table 2.1, transplantation or death in years 0-2, 2-4 and later: events, days, rate per 100 years
TABLE_2_1 = {
    "arm": ([24, 18, 2], [107931.5, 50284, 7599], [8.1, 13.1, 9.6]),
    "reference": ([27, 17, 2], [104856, 49673, 8642], [9.4, 12.5, 8.5]),
}
# Neither transplanted nor dead after two years (log-log limits): at risk, share, its standard error, low, high
TWO_YEARS = {"arm": (111, 0.8458, 0.0292, 0.7782, 0.8941), "reference": (106, 0.8322, 0.0296, 0.7645, 0.8819)}
# Table 4.2: years lost to transplantation and to death without it in three years, standard errors; arm, reference
TRANSPLANTATION = ([0.08637516, 0.14274534], [0.03029502, 0.04083718])
DEATH = ([0.2359673, 0.2511599], [0.05031025, 0.05260692])
