// SPDX-License-Identifier: MIT
// Splay links: the tree of seven nodes, balanced at first.
#include "contract.h"

#include <string>

using namespace ringside;
using namespace ringside::nt;
using namespace ringside::test;

namespace {

using Links = RTL_SPLAY_LINKS;

struct Tree {
    Links* node[8]; // by key, 1 to 7

    explicit Tree(At& at)
    {
        node[0] = nullptr;
        for (int key = 1; key <= 7; ++key)
            node[key] = &at.object<Links>();
        node[4]->Parent = node[4];
        hang(4, 2, 6);
        hang(2, 1, 3);
        hang(6, 5, 7);
    }
    void hang(int parent, int left, int right)
    {
        node[parent]->LeftChild = node[left];
        node[parent]->RightChild = node[right];
        node[left]->Parent = node[right]->Parent = node[parent];
    }
    // In brackets, as "((1)2(3))", or what is wrong with the links.
    std::string shape(Links const* top, Links const* parent) const
    {
        if (!top)
            return "";
        if (top->Parent != parent)
            return "wrong parent";
        for (int key = 1; key <= 7; ++key)
            if (node[key] == top)
                return "(" + shape(top->LeftChild, top) + std::to_string(key) + shape(top->RightChild, top) + ")";
        return "unknown node";
    }
    std::string shape(Links const* root) const { return shape(root, root); }
};

Links* links(uint64_t result) { return reinterpret_cast<Links*>(result); }

} // namespace

// The six patterns of the page's figure: one level, twice the same way, this way and that; each from both sides.
SAMPLE(RtlSplay)
{
    struct {
        int key;
        char const* shape;
    } const table[] {
        { 4, "(((1)2(3))4((5)6(7)))" }, { 2, "((1)2((3)4((5)6(7))))" }, { 6, "((((1)2(3))4(5))6(7))" },
        { 1, "(1(2((3)4((5)6(7)))))" }, { 7, "(((((1)2(3))4(5))6)7)" }, { 3, "(((1)2)3(4((5)6(7))))" },
        { 5, "((((1)2(3))4)5(6(7)))" },
    };
    for (auto const& row : table) {
        Tree tree(at);
        at.returns(tree.node[row.key], tree.node[row.key]);
        EXPECT_EQ(tree.shape(tree.node[row.key]), row.shape) << row.key;
    }
}

// A leaf, a node with one child, one with two, the root.
SAMPLE(RtlDelete)
{
    struct {
        int key;
        char const* order;
    } const table[] { { 1, "234567" }, { 6, "123457" }, { 4, "123567" } };
    for (auto const& row : table) {
        Tree tree(at);
        std::string order;
        for (char c : tree.shape(links(at.call(tree.node[row.key]))))
            if (c != '(' && c != ')')
                order += c;
        EXPECT_EQ(order, row.order);
    }
    Tree tree(at);
    Links* root = links(at.call(tree.node[1]));
    EXPECT_EQ(root, tree.node[2]) << "the tree is splayed at the parent";
    Links& alone = at.object<Links>();
    alone.Parent = &alone;
    at.returns(PVOID { nullptr }, &alone);
}

SAMPLE(RtlDeleteNoSplay)
{
    Tree tree(at);
    auto& root = at.object<Links*>();
    root = tree.node[4];
    at.call(tree.node[1], &root);
    EXPECT_EQ(tree.shape(root), "((2(3))4((5)6(7)))");
    at.call(tree.node[2], &root);
    EXPECT_EQ(tree.shape(root), "((3)4((5)6(7)))");
    at.call(tree.node[4], &root);
    EXPECT_EQ(tree.shape(root), "(3((5)6(7)))") << "a new root, and otherwise the same shape";
    Links& alone = at.object<Links>();
    alone.Parent = &alone;
    root = &alone;
    at.call(&alone, &root);
    EXPECT_EQ(root, nullptr);
}

SAMPLE(RtlSubtreeSuccessor)
{
    Tree tree(at);
    at.returns(tree.node[5], tree.node[4]);
    at.returns(tree.node[7], tree.node[6]);
    at.returns(PVOID { nullptr }, tree.node[3]); // its successor is above it
}

SAMPLE(RtlSubtreePredecessor)
{
    Tree tree(at);
    at.returns(tree.node[3], tree.node[4]);
    at.returns(tree.node[1], tree.node[2]);
    at.returns(PVOID { nullptr }, tree.node[5]);
}

SAMPLE(RtlRealSuccessor)
{
    Tree tree(at);
    for (int key = 1; key < 7; ++key)
        at.returns(tree.node[key + 1], tree.node[key]);
    at.returns(PVOID { nullptr }, tree.node[7]);
}

SAMPLE(RtlRealPredecessor)
{
    Tree tree(at);
    for (int key = 7; key > 1; --key)
        at.returns(tree.node[key - 1], tree.node[key]);
    at.returns(PVOID { nullptr }, tree.node[1]);
}
