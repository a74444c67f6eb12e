// SPDX-License-Identifier: MIT
// Gives the run-time library the host's heap for the length of a test, counts what is out, and can run dry.
#pragma once

#include "rtl/allocator.h"

#include <cstdlib>
#include <gtest/gtest.h>

namespace ringside::rtl {

class WithAllocator : public ::testing::Test {
protected:
    WithAllocator()
    {
        s_blocks = 0;
        s_dry = false;
        g_allocator = { [](size_t bytes) { return s_dry ? nullptr : (++s_blocks, std::malloc(bytes)); },
                        [](void* block) {
                            --s_blocks;
                            std::free(block);
                        } };
    }
    ~WithAllocator() override
    {
        EXPECT_EQ(s_blocks, 0) << "strings left";
        g_allocator = { nullptr, nullptr };
    }

    static inline int s_blocks;
    static inline bool s_dry;
};

} // namespace ringside::rtl
