# A thin face over CMake: see README.md. Every target installs the Debian packages it lacks (packages.txt) first.
BUILD := build
JOBS := $(shell nproc)

.PHONY: all demo test test-sanitize bench nightly packages configure clean
all: configure
	@cmake --build --preset release -j $(JOBS)

# Root installs directly; anybody else through sudo.
packages:
	@tools/install_packages.sh

configure: packages
	@test -f $(BUILD)/build.ninja || cmake --preset release

demo: all
	@tools/demo.sh $(BUILD)

test: all
	@ctest --test-dir $(BUILD) -L quick --output-on-failure -j $(JOBS)

test-sanitize: packages
	@test -f build-sanitize/build.ninja || cmake --preset sanitize
	@cmake --build --preset sanitize -j $(JOBS)
	@ctest --test-dir build-sanitize -L quick --output-on-failure -j $(JOBS)

nightly: all
	@ctest --test-dir $(BUILD) --output-on-failure -j $(JOBS)

bench: all
	@$(BUILD)/ringside_bench
	@$(BUILD)/ringside_pool_bench
	@$(BUILD)/ringside_object_bench
	@$(BUILD)/ringside_registry_bench
	@$(BUILD)/ringside_file_bench
	@$(BUILD)/ringside_dispatcher_bench
	@$(BUILD)/ringside_kernel_bench
	@$(BUILD)/ringside_c_face_bench

clean:
	@rm -rf build build-sanitize build-debug
