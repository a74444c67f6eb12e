// SPDX-License-Identifier: MIT
// Splay links by themselves, and lists.
#include "rtl/list.h"
#include "rtl/splay.h"
#include "splay_checks.h"

#include <algorithm>
#include <gtest/gtest.h>
#include <random>
#include <vector>

namespace ringside::rtl {

TEST(SplayLinks, NeighboursAndRemoval)
{
    constexpr int kCount = 31;
    std::vector<RTL_SPLAY_LINKS> nodes(kCount);
    RTL_SPLAY_LINKS* root = &nodes[0];
    root->Parent = root;
    for (int i = 1; i < kCount; ++i) {
        RTL_SPLAY_LINKS* last = &nodes[static_cast<size_t>(i - 1)];
        last->RightChild = &nodes[static_cast<size_t>(i)];
        nodes[static_cast<size_t>(i)].Parent = last;
    }
    std::mt19937 random(3);
    for (int step = 0; step < 100; ++step) {
        auto* node = &nodes[random() % kCount];
        root = RtlSplay(node);
        EXPECT_EQ(root, node);
        EXPECT_EQ(count_links(root), static_cast<size_t>(kCount));
        auto index = static_cast<size_t>(node - nodes.data());
        EXPECT_EQ(RtlRealSuccessor(node), index + 1 < kCount ? &nodes[index + 1] : nullptr);
        EXPECT_EQ(RtlRealPredecessor(node), index ? &nodes[index - 1] : nullptr);
        EXPECT_EQ(RtlSubtreePredecessor(node), index ? &nodes[index - 1] : nullptr);
    }
    std::vector<size_t> order(kCount);
    for (size_t i = 0; i < order.size(); ++i)
        order[i] = i;
    std::ranges::shuffle(order, random);
    size_t left = kCount;
    for (size_t i : order) {
        if (i % 2)
            root = RtlDelete(&nodes[i]);
        else
            RtlDeleteNoSplay(&nodes[i], &root);
        --left;
        EXPECT_EQ(count_links(root), left);
        if (root)
            EXPECT_TRUE(is_root(root));
    }
    EXPECT_EQ(root, nullptr);
}

TEST(List, Operations)
{
    struct Item {
        int number;
        LIST_ENTRY links;
    };
    LIST_ENTRY head;
    LIST_ENTRY other;
    initialize(head);
    initialize(other);
    Item items[4] { { 0, {} }, { 1, {} }, { 2, {} }, { 3, {} } };
    EXPECT_TRUE(empty(head));
    EXPECT_EQ(take_head(head), nullptr);
    insert_tail(head, items[1].links);
    insert_tail(head, items[2].links);
    insert_head(head, items[0].links);
    insert_tail(other, items[3].links);
    append_list(head, other);
    EXPECT_TRUE(empty(other));
    EXPECT_TRUE(linked(items[3].links));
    std::vector<int> numbers;
    for (Item& item : each<Item, &Item::links>(head)) {
        numbers.push_back(item.number);
        if (item.number == 1)
            EXPECT_FALSE(remove(item.links));
    }
    EXPECT_EQ(numbers, (std::vector { 0, 1, 2, 3 }));
    EXPECT_FALSE(linked(items[1].links));
    EXPECT_EQ(take_head(head), &items[0].links);
    EXPECT_EQ(take_tail(head), &items[3].links);
    EXPECT_TRUE(remove(items[2].links));
}

} // namespace ringside::rtl
