// SPDX-License-Identifier: MIT
// The number of nodes below and with one; checks that every child knows its parent.
#pragma once

#include "rtl/splay.h"

#include <gtest/gtest.h>

namespace ringside::rtl {

inline size_t count_links(RTL_SPLAY_LINKS* node)
{
    if (!node)
        return 0;
    for (auto* child : { node->LeftChild, node->RightChild })
        if (child)
            EXPECT_EQ(child->Parent, node);
    return 1 + count_links(node->LeftChild) + count_links(node->RightChild);
}

} // namespace ringside::rtl
