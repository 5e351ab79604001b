"""Where the pictures of the pool come from: packages by name, which of their files, licences.

The cut-outs and grounds of `PACKAGES` came first, and a part of them is held out. The others are
for training only. Licences, as the packages' own copyright files say:

- ``tuxpaint-stamps-default``, ``propaganda-debian`` GPL-2; ``openarena-081-textures`` and
  ``plasma-workspace-wallpapers`` GPL-2+; the other wallpapers CC-BY, CC-BY-SA, GPL or MIT;
- ``scratch``'s media and ``unknown-horizons``' graphics CC-BY-SA 3.0; ``sweethome3d-furniture``
  CC-BY 3.0 and CC0; ``sweethome3d`` and ``wesnoth-1.16-data`` GPL-2+; ``endless-sky-data``
  CC-BY-SA 3.0 and 4.0, its landscapes mostly public domain;
- ``supertuxkart-data`` and ``naev-data`` CC-BY, CC-BY-SA, CC0, GPL-2+, GPL-3, MIT and public
  domain, file by file; ``freeorion-data`` GPL-2 and CC-BY-SA 3.0; ``freedroidrpg-data`` GPL-2+,
  GPL-3 and CC0; ``freecol`` and ``lincity-ng-data`` GPL-2+;
- photographs of ``gcompris-qt-data`` CC-BY, CC-BY-SA and public domain, file by file;
  ``lxqt-themes`` LGPL-2.1+ and LGPL-3; ``ufoai-textures`` GPL-2+, CC-BY 3.0 and CC-BY-SA 3.0;
  ``colobot-common-textures`` GPL-3+; ``hedgewars-data`` GPL-2 and GFDL-1.3; ``torcs-data`` GPL-2+
  and Free Art; ``tuxpaint-data``, ``scorched3d-data``, ``extremetuxracer-data``,
  ``trigger-rally-data``, ``warmux-data``, ``fillets-ng-data`` and ``nexuiz-data`` GPL-2+;
- ``@lobehub/fluent-emoji-3d`` (of npm; Microsoft's Fluent emoji) MIT;
  ``fonts-noto-color-emoji`` SIL OFL 1.1.
"""

import re
import subprocess
import zipfile

PACKAGES = (
    "tuxpaint-stamps-default",
    "gnome-backgrounds",
    "mate-backgrounds",
    "plasma-workspace-wallpapers",
    "ukui-wallpapers",
)
MORE_GROUNDS = (
    "lomiri-wallpapers-20.04",
    "lomiri-wallpapers-16.04",
    "sway-backgrounds",
    "propaganda-debian",
    "openarena-081-textures",
)
# Packages of more cut-outs: which of their files are taken, and whether these are drawn.
MORE_CUTOUTS = {
    "scratch": (  # photographs
        r"Costumes/(Animals|People|Things|Transportation)/(?!cat|fish|frog|bee|giraffe1-b|boy[14]|"
        r"girl|drum|convertible|hair1|grasshopper1|whale|scoreboard|train).*\.gif|/squirrel1\.|/tennisb",
        False,
    ),
    "sweethome3d-furniture": (r"/furniture/[^/]+/[^/]+/[^/]+\.png", False),  # rendered in 3D,
    "sweethome3d": (r"sweethome3d/io/resources/\w+\.png", False),  # as the next
    "endless-sky-data": (r"/outfit/(?!harvested|unknown)|/ship/[^0-9]+png|/asteroid/.*-00", False),
    "unknown-horizons": (r"gfx/(buildings|units/ships|terrain/trees)/.*/(45|135)/0+\.png", False),
    "wesnoth-1.16-data": (r"core/images/portraits/", True),  # painted
    "@lobehub/fluent-emoji-3d": (  # food, plants, animals, clothes, tools, vehicles
        r"/1f(3(2[d-f]|[3-9ab].|c[5-9d-f]|d[3-9a-f]|[ef][0-9])|4([0-3].|5[1-9a-f]|6[0-2]|8[489ad])|"
        r"4(8e|90|a[137]|b[b-e]|ce|d[5-8a]|e[0-2]|f[7-9ad])|5(0b|0d|1[1-3]|2[5-9a-d]|8[a-d]|b1|78)|"
        r"6([89].|a[0-4]|b2|bf|c1|cb|d[256]|[ef].)|9(3f|[4-6].|8.|9.|a[0-9a-e]|c.|[ef].)|"
        r"a(7[08-f]|8.|9.|a[0-9b-e]|b.|c[ef]|d[0-7]))(-fe0f)?\.webp",
        True,
    ),
}
NOT_THINGS = re.compile(  # symbols and parts, or alike
    r"[dD]oor|[wW]indow|plug|[sS]ocket|switch|dimmer|antenna|RJ-45|fleche|stationnement|passage|"
    r"billet|LightSource|urtain|ailing|streets|field|bricks_|saltponds|/wall|"
    r"1f(3(21|91|8[67]|a[56]|b[56c]|c1|e7|f[34b-f])|440|456)"
)
LANDSCAPES = "endless-sky-data/usr/share/games/endless-sky/images/land"  # grounds, too
TEXTURES = {  # and scenes, of games and programs: grounds, too; which of a package's files
    "supertuxkart-data": "",
    "naev-data": "",
    "freeorion-data": "",
    "wesnoth-1.16-data": "",
    "freecol": "",
    "freedroidrpg-data": "",
    "lincity-ng-data": "",
    "gcompris-qt-data": r"/(explore_monuments|details)/",  # photographs and paintings
    "tuxpaint-data": r"/(starters|templates)/(?!.*(earth|chessboard|usa))",
    "lxqt-themes": r"/wallpapers/(?!.*logo)",
    "ufoai-textures": (
        r"/tex_(buildings|mattn|nature|ctp1|base|material|doors|floors|trak|misc|terrain|walls|city|"
        r"farm|vegetation|crops|road|street)(?!.*(_(nm|gm|norm|bump|sm|mq)\.|advert|sign|hazard|"
        r"truck|/ufo|_ufo|molec|window|_obj_|vent))"
    ),
    "torcs-data": (
        r"/tracks/(?!.*(logo|ad[s0-9]|shad|splash|/[^/]*(tree|arrow|flat|love)|white|tyres|oil))"
        r".*(wall|gras|sand|rock|facade|house|conc|backgr|dirt|gravel|brick|PDKK|RDGR|GRAS|SAND|"
        r"fence|stone|forest|hill|building)"
    ),
    "scorched3d-data": r"/landscapes?/(?!.*(preview|cloud))",
    "extremetuxracer-data": r"/(env|terrains)/|preview",
    "trigger-rally-data": r"/textures/sky|/ss\.jpg",
    "hedgewars-data": r"/Themes/.*(LandTex|LandBackTex|[Ss]ky)",
    "warmux-data": r"/maps?/.*(sky|bg|background)",
    "fillets-ng-data": r"/images/(.*pozadi|.*-p\.png|menu)(?!.*(poster|mask))",
    "nexuiz-data": r"/env/.*_(bk|ft|lf|rt|up)\.(?<!b_sky)",
    "colobot-common-textures": r"/textures/(textures?/|[a-z]+[0-9]+\.)",
}
EMOJI = "fonts-noto-color-emoji"


def download(folder, packages=None):
    """Unpack packages below `folder` unless they are there already; return `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    wanted = packages or dict.fromkeys((*PACKAGES, *MORE_GROUNDS, EMOJI, *MORE_CUTOUTS, *TEXTURES))
    for package in wanted:
        if (folder / package).is_dir():
            continue
        print(f"downloading {package}", flush=True)
        npm = package.startswith("@")
        get = ["npm", "pack", "--silent"] if npm else ["apt-get", "download"]
        subprocess.run([*get, package], cwd=folder, check=True)
        start = package[1:].replace("/", "-") + "-*.tgz" if npm else f"{package}_*.deb"
        (archive,) = folder.glob(start)
        (folder / package).mkdir(parents=True)
        unpack = ["tar", "-xf", archive.name, "-C"] if npm else ["dpkg", "-x", archive.name]
        subprocess.run([*unpack, package], cwd=folder, check=True)
        archive.unlink()
        for bundle in (folder / package).rglob("*"):
            if bundle.suffix in (".zip", ".pk3", ".sh3f", ".jar"):  # all of them zip files
                zipfile.ZipFile(bundle).extractall(bundle.with_suffix(""))
            if bundle.suffix == ".rcc":
                carve(bundle)
    return folder


def carve(bundle):
    """Write the WebP pictures in a file of Qt's resources to a folder beside it."""
    data, folder = bundle.read_bytes(), bundle.with_suffix("")
    folder.mkdir()
    for found in re.finditer(rb"RIFF(....)WEBP", data, re.DOTALL):
        start, size = found.start(), int.from_bytes(found[1], "little") + 8
        (folder / f"{start:08}.webp").write_bytes(data[start : start + size])
