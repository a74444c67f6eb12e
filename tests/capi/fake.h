// SPDX-License-Identifier: MIT
// This test program in the place of `ringside serve`: what it answers is told by the environment.
#pragma once

#include <string>

namespace ringside::test {

// The path of this program.
std::string fake_program();
// What main() does when it is started as the machine's process. Returns the exit code.
int fake_serve();

// Sets what the fake does, as long as it lives; "": nothing.
//   silent        says nothing until its socket is closed
//   garbage       answers with bytes that are no header
//   half          answers with half a message and ends with exit code 7
//   huge          a length beyond all measure
//   two           two answers at once
//   result        a result that nobody knows
//   refuse        RINGSIDE_PROTOCOL and a sentence
//   empty         answers every call well, with no results
//   long          with results that are too long
//   told:HOW      starts every request; when asked to settle, tells of the first one's callback in that way
//   random:SEED   the first two well, then with results drawn from the seed
class Faking {
public:
    explicit Faking(std::string const& what);
    ~Faking();
    Faking(Faking const&) = delete;
    Faking& operator=(Faking const&) = delete;
};

} // namespace ringside::test
