// SPDX-License-Identifier: MIT
// The end of a machine (docs/design.md D10): a bug check ends the machine, not the process. The record says all that the
// report needs; the driver's fiber is never resumed.
#pragma once

#include "ke/unwind.h"
#include "nt/nt.h"

#include <string>

namespace ringside::ke {

enum class EndKind : uint8_t {
    BugCheck,       // Windows' own code and parameters: exit code 2
    MissingService, // failure kind d: exit code 4
};

struct BugCheckRecord {
    bool happened = false;
    EndKind kind = EndKind::BugCheck;
    uint32_t code = 0;
    uint64_t parameters[4] {};
    std::string words;       // one sentence; may be empty
    std::string rule;        // of the verifier, when one of its rules called it
    std::string service;     // MissingService: "wdfldr.sys!WdfVersionBind"
    uint64_t time_100ns = 0;
    uint32_t processor = 0;
    uint8_t irql = 0;
    uint32_t thread = 0;
    bool replayable = true;
    nt::CONTEXT context {};
    BackTrace trace;
};

// The published name of a bug-check code, e.g. "IRQL_NOT_LESS_OR_EQUAL"; "" for one that has none.
char const* bug_check_name(uint32_t code);

// Ends the machine from anywhere on a fiber.
[[noreturn]] void bug_check(uint32_t code, uint64_t p1 = 0, uint64_t p2 = 0, uint64_t p3 = 0, uint64_t p4 = 0,
                            char const* words = nullptr);
// The same, called by a verifier rule (null: by the kernel on a driver's behalf). `routine`: the driver's, when none of it is on the stack any more (it returned, or
// left by a jump); it stands first in the back-trace then.
[[noreturn]] void violation(char const* rule, uint32_t code, uint64_t p1, uint64_t p2, uint64_t p3, uint64_t p4,
                            char const* words, void const* routine = nullptr);

} // namespace ringside::ke
