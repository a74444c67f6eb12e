// SPDX-License-Identifier: MIT
// The Driver Verifier: registers its rules' listeners with the gates, the doors and the I/O manager while it lives.
// Nothing is registered in observed and bare machines.
#pragma once

#include "verifier/rules.h"

namespace ringside::verifier {

class Verifier {
public:
    explicit Verifier(RuleSet on);
    ~Verifier();
    Verifier(Verifier const&) = delete;
    Verifier& operator=(Verifier const&) = delete;
};

} // namespace ringside::verifier
