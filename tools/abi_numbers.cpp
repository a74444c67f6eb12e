// SPDX-License-Identifier: MIT
// Prints the sizes, offsets and constants of src/nt as the host's compiler sees them, one a line:
// kind, structure or constant, field or "-", number in hexadecimal. The list is derived from the headers by
// tools/abi_probe.py, which also reads this output.
#include "nt/nt.h"
#include "nt/wmi.h"

#include <cstdio>

using namespace ringside;

namespace {

struct Entry {
    char const* kind;
    char const* name;
    char const* field;
    unsigned long long number;
};

constexpr Entry kEntries[] = {
#define ABI_SIZE(type) {"size", #type, "-", sizeof(nt::type)},
#define ABI_OFFSET(type, field) {"offset", #type, #field, offsetof(nt::type, field)},
#define ABI_CONSTANT(name) {"constant", #name, "-", static_cast<unsigned long long>(nt::name)},
#include "abi_list.inc"
};

} // namespace

int main()
{
    for (Entry const& entry : kEntries)
        std::printf("%s %s %s %#llx\n", entry.kind, entry.name, entry.field, entry.number);
    return 0;
}
