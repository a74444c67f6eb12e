// SPDX-License-Identifier: MIT
#include "verifier/rules.h"

#include "base/check.h"
#include "nt/bugcheck.h"

namespace ringside::verifier {

namespace {
constexpr RuleRow kRules[] = {
    { Rule::IrqlAtEntry, "IrqlAtEntry", nt::DRIVER_VERIFIER_DETECTED_VIOLATION, 0xE5,
      "a kernel function was called at an IRQL that its documentation does not allow",
      "debugger/bug-check-0xc4--driver-verifier-detected-violation" },
    { Rule::IrqlAtReturn, "IrqlAtReturn", nt::DRIVER_VERIFIER_IOMANAGER_VIOLATION, 0x5,
      "a driver's routine returned at another IRQL than it was called at",
      "debugger/bug-check-0xc9--driver-verifier-iomanager-violation" },
    { Rule::DoubleCompletion, "DoubleCompletion", nt::MULTIPLE_IRP_COMPLETE_REQUESTS, 0,
      "a driver completed an IRP that had been completed before",
      "debugger/bug-check-0x44--multiple-irp-complete-requests" },
    { Rule::ForgottenCompletion, "ForgottenCompletion", nt::DRIVER_VERIFIER_IOMANAGER_VIOLATION, 0x226,
      "a dispatch routine returned without having completed the IRP, passed it on, or marked it pending",
      "debugger/bug-check-0xc9--driver-verifier-iomanager-violation" },
    { Rule::LeakAtUnload, "LeakAtUnload", nt::DRIVER_VERIFIER_DETECTED_VIOLATION, 0x62,
      "a driver was unloaded without having freed its pool",
      "debugger/bug-check-0xc4--driver-verifier-detected-violation" },
};
static_assert(std::size(kRules) == static_cast<size_t>(Rule::Count));
} // namespace

std::span<RuleRow const> rules() { return kRules; }

RuleRow const& row(Rule rule)
{
    for (auto const& r : kRules)
        if (r.rule == rule)
            return r;
    CHECK(false, "a rule without a row");
    __builtin_unreachable();
}

Rule rule_by_name(std::string_view name)
{
    for (auto const& r : kRules)
        if (name == r.name)
            return r.rule;
    return Rule::Count;
}

} // namespace ringside::verifier
