// SPDX-License-Identifier: MIT
// What drivers ask of a debugger and of their own stack.
#include "contract.h"

#include <cstring>

using namespace ringside;
using namespace ringside::nt;
using namespace ringside::test;

SAMPLE(KdChangeOption)
{
    auto& block = at.object<BOOLEAN>();
    at.status(STATUS_DEBUGGER_INACTIVE, 0, ULONG { sizeof block }, &block, 0u, nullptr, nullptr);
}

SAMPLE_OF_NOTHING(DbgPrompt, "no debugger answers: no characters come back")
{
    auto* response = static_cast<char*>(at.bytes(16));
    std::strcpy(response, "as it was");
    at.returns(ULONG { 0 }, "Continue? ", response, 16);
    EXPECT_STREQ(response, "as it was");
}

SAMPLE_OF_NOTHING(RtlWalkFrameChain, "a sample has no driver frames")
{
    auto* frames = static_cast<PVOID*>(at.bytes(64));
    at.returns(ULONG { 0 }, frames, 8, 0);
    at.returns(ULONG { 0 }, frames, 8, 1);
}
