// SPDX-License-Identifier: MIT
// The Driver Verifier's rules: one row each. A rule listens to gate, door and I/O events; it may end the machine with
// Windows' own bug check and changes nothing else. A rule that is off is not asked.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

namespace ringside::verifier {

enum class Rule : uint8_t {
    IrqlAtEntry,
    IrqlAtReturn,
    DoubleCompletion,
    ForgottenCompletion,
    LeakAtUnload,
    Count,
};

struct RuleRow {
    Rule rule;
    char const* name;
    uint32_t code;     // the bug check it calls
    uint32_t subcode;  // its first parameter; 0: none
    char const* words; // what the driver did
    char const* page;  // the documentation it follows
};

std::span<RuleRow const> rules();
RuleRow const& row(Rule rule);
// Count when no rule has the name.
Rule rule_by_name(std::string_view name);

} // namespace ringside::verifier
