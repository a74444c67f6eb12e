// SPDX-License-Identifier: MIT
// libFuzzer target for the PE and Authenticode readers. Built only on request (-fsanitize=fuzzer,address,undefined);
// good seeds are any .sys files. The bounded test in tests/ldr/pe_mutation_test.cpp runs the same function.
#include "pe_exercise.h"

extern "C" int LLVMFuzzerTestOneInput(uint8_t const* data, size_t size)
{
    ringside::test::exercise_image(std::as_bytes(std::span(data, size)), true);
    return 0;
}
