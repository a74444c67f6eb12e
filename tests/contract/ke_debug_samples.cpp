// SPDX-License-Identifier: MIT
// What drivers ask of a debugger and of their own stack.
#include "contract.h"

#include <cstring>

using namespace ringside;
using namespace ringside::nt;
using namespace ringside::test;

SAMPLE_OF_NOTHING(DbgPrompt, "no debugger answers: no characters come back")
{
    auto* response = static_cast<char*>(at.bytes(16));
    std::strcpy(response, "as it was");
    at.returns(ULONG { 0 }, "Continue? ", response, 16);
    EXPECT_STREQ(response, "as it was");
}

SAMPLE(RtlWalkFrameChain)
{
    auto* frames = static_cast<PVOID*>(at.bytes(64));
    EXPECT_GE(static_cast<ULONG>(at.call(frames, 8, 0)), 1u);
    EXPECT_NE(frames[0], nullptr) << "who called";
    at.returns(ULONG { 0 }, frames, 0, 0);
    at.returns(ULONG { 0 }, frames, 8, 1);
}
