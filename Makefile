# make run     set up what is needed and open BlinkQ (where there is no display: run the demo)
# make test    set up and run the tests
# make demo    a whole call with nobody at the screen; screenshots and the recording in build/demo/
# make bench   measure against the targets; build/bench.json
# make lint    style and types        make interop   tests against real peers (installs the lab's packages)
# make docs    generated pages, and the middleware's reference in build/docs/middleware/
# make forms   compile ui/*.ui        make lock      what could be updated
PYTHON = .venv/bin/python
ARGS =
# most tests wait for something: four at a time are done in a third of the time, even on two cores
PARALLEL = -n 4 --dist loadfile
# INTEROP= leaves the tests against real peers out
INTEROP = yes

.PHONY: run test peers demo bench docs lint interop forms lock clean prepare prepare-dev

run: prepare
	@if [ "$$(uname)" = Linux ] && [ -z "$$DISPLAY$$WAYLAND_DISPLAY" ]; then \
		echo "There is no display (DISPLAY and WAYLAND_DISPLAY are not set): running the demo instead." >&2; \
		exec $(PYTHON) -m blinkq.app.demo; \
	else exec .venv/bin/blinkq $(ARGS); fi

test: prepare-dev
	$(PYTHON) -m pytest $(PARALLEL) --ignore=tests/interop $(ARGS)
	$(if $(INTEROP),$(MAKE) --no-print-directory peers)

# each worker has a lab of its own; what measures time wants the machine for itself
peers:
	tests/lab/python.sh $(PYTHON)
	$(PYTHON) -m pytest -n 3 --dist loadfile -m "not alone" tests/interop $(ARGS)
	$(PYTHON) -m pytest -m alone tests/interop $(ARGS)

demo: prepare
	$(PYTHON) -m blinkq.app.demo $(ARGS)

bench: prepare-dev
	$(PYTHON) -m benchmarks $(ARGS)

lint: prepare-dev
	.venv/bin/ruff check .
	.venv/bin/mypy

interop: prepare-dev
	tests/lab/install.sh
	$(MAKE) --no-print-directory peers

docs: prepare-dev
	$(PYTHON) docs/generate.py
	$(PYTHON) docs/middleware/build.py

forms: prepare
	$(PYTHON) -m blinkq.app.build_forms

lock: prepare-dev
	$(PYTHON) -m pip list --outdated

prepare:
	@packaging/prepare.sh run

prepare-dev:
	@packaging/prepare.sh dev

clean:
	rm -rf build .venv-lab .mypy_cache .ruff_cache .pytest_cache .hypothesis blinkq/app/forms
