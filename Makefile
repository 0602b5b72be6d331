# On a fresh machine with Python 3.11 and make, `make run` and `make test` do everything.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt

# What tests need; with "train" besides (`make test EXTRAS=eval,dev,train`), those of the training run
# too. That is torch, which is large.
EXTRAS := eval,dev

# Installs Debian packages when root, else says which are missing.
DEBIAN := sh -c 'if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; \
	then apt-get update -qq && apt-get install -y -qq --no-install-recommends "$$@"; \
	else echo "please install: $$*" >&2; exit 1; fi' install

# Faces that the corpus is set in; they are unpacked, not installed.
FONTS := texlive-lang-chinese fonts-noto-cjk fonts-arphic-gbsn00lp fonts-arphic-gkai00mp \
	fonts-arphic-uming fonts-wqy-zenhei fonts-liberation2
FACES := '*/Fandol*-Regular.otf' '*/Fandol*-Bold.otf' '*/Noto*CJK-Regular.ttc' '*/Noto*CJK-Bold.ttc' \
	'*/LiberationS*-Regular.ttf' '*/LiberationS*-Bold.ttf' '*/gbsn00lp.ttf' '*/gkai00mp.ttf' \
	'*/uming.ttc' '*/wqy-zenhei.ttc'

.PHONY: run test dev lint bench fonts peers clean

run: $(VENV)/.run
	$(BIN)/extractor serve

test: $(VENV)/.test lint
	$(BIN)/python -m pytest
	$(BIN)/python -m eval eval/fixtures -o build/report --limit 48 --workers 2

dev: $(VENV)/.test

lint: $(VENV)/.test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: $(VENV)/.test
	$(BIN)/python -m eval bench

# Debian keeps ensurepip, and the libraries that OpenCV needs, in packages of their own.
$(VENV)/.venv:
	$(PYTHON) -c 'import ensurepip' 2>/dev/null || { $(DEBIAN) python3-venv; }
	$(PYTHON) -m venv $(VENV)
	touch $@

$(VENV)/.run: $(VENV)/.venv pyproject.toml constraints.txt
	$(INSTALL) -e .
	$(BIN)/python -c 'import cv2' 2>/dev/null || { $(DEBIAN) libgl1 libglib2.0-0; }
	touch $@

$(VENV)/.test: $(VENV)/.run
	$(INSTALL) -e '.[$(EXTRAS)]'
	$(BIN)/python -c 'from training.synthesis.fonts import load_fonts; load_fonts()' 2>/dev/null || { $(DEBIAN) fonts-noto-cjk; } || true
	command -v chromium >/dev/null || { $(DEBIAN) chromium fonts-noto-cjk; } || echo "no chromium: tests in a browser are skipped" >&2
	touch $@

# What `python -m eval peers` compares with. rapid-table asks for another OpenCV, which would
# overwrite the one that PaddleX uses.
peers: $(VENV)/.test
	$(INSTALL) -e '.[peers]'
	$(INSTALL) --no-deps rapid-table==0.3.0
	command -v tesseract >/dev/null || { $(DEBIAN) tesseract-ocr tesseract-ocr-chi-sim; }

fonts: build/fonts/.fonts

# Debian's packages; on other systems, put the files that `missing_files()` names there by hand.
build/fonts/.fonts:
	command -v apt-get dpkg-deb >/dev/null || { echo "needs apt-get and dpkg-deb" >&2; exit 1; }
	rm -rf build/faces && mkdir -p build/faces build/fonts
	[ "$$(id -u)" != 0 ] || apt-get update -qq
	cd build/faces && apt-get download -qq $(FONTS)
	for deb in build/faces/*.deb; do \
		dpkg-deb --fsys-tarfile "$$deb" | tar -x -C build/faces --wildcards $(FACES) 2>/dev/null || true; \
	done
	find build/faces -type f -not -name '*.deb' -not -name '*Braille*' -exec mv -f {} build/fonts/ \;
	rm -rf build/faces
	touch $@

clean:
	rm -rf $(VENV) .data
