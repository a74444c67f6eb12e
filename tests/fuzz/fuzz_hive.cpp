// SPDX-License-Identifier: MIT
// libFuzzer target for the hive reader. Built only on request (-fsanitize=fuzzer,address,undefined); good seeds are files
// that `ringside run --save-hive` writes. The bounded test is in tests/cm/hive_test.cpp.
#include "cm/hive.h"

extern "C" int LLVMFuzzerTestOneInput(uint8_t const* data, size_t size)
{
    std::string error;
    static_cast<void>(ringside::cm::read_hive({ data, size }, error));
    return 0;
}
