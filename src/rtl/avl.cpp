// SPDX-License-Identifier: MIT
// AVL trees with parent links. Both changes walk up from where a height changed: `grow` while a subtree became higher,
// `shrink` while one became lower; a rotation ends the first walk, and the second unless the height is unchanged.
#include "rtl/avl.h"

namespace ringside::rtl::avl {

namespace {

constexpr CHAR kLeft = -1;
constexpr CHAR kRight = 1;

Node*& child(Node& node, CHAR side) { return side == kLeft ? node.LeftChild : node.RightChild; }
CHAR side_of(Node const& node) { return node.Parent->LeftChild == &node ? kLeft : kRight; }

void hang(Node& parent, CHAR side, Node* node)
{
    child(parent, side) = node;
    if (node)
        node->Parent = &parent;
}

// The child on `side` takes the node's place, the node becomes its child on the other side.
Node& rotate(Node& node, CHAR side)
{
    Node& up = *child(node, side);
    CHAR other = static_cast<CHAR>(-side);
    hang(*node.Parent, side_of(node), &up);
    hang(node, side, child(up, other));
    hang(up, other, &node);
    return up;
}

// Mends a node that leans twice to `side`. Returns the subtree's new top; whether its height fell is in `lower`.
Node& mend(Node& node, CHAR side, bool& lower)
{
    Node& heavy = *child(node, side);
    lower = true;
    if (heavy.Balance == -side) {
        Node& top = *child(heavy, static_cast<CHAR>(-side));
        rotate(heavy, static_cast<CHAR>(-side));
        rotate(node, side);
        node.Balance = top.Balance == side ? static_cast<CHAR>(-side) : CHAR { 0 };
        heavy.Balance = top.Balance == -side ? side : CHAR { 0 };
        top.Balance = 0;
        return top;
    }
    rotate(node, side);
    if (heavy.Balance == 0) { // only after a removal
        node.Balance = side;
        heavy.Balance = static_cast<CHAR>(-side);
        lower = false;
    } else
        node.Balance = heavy.Balance = 0;
    return heavy;
}

// The subtree at `node` has become one level higher.
void grow(RTL_AVL_TABLE& table, Node* node)
{
    while (node->Parent != &table.BalancedRoot) {
        CHAR side = side_of(*node);
        Node& parent = *node->Parent;
        if (parent.Balance == side) {
            bool lower;
            mend(parent, side, lower);
            return;
        }
        parent.Balance = static_cast<CHAR>(parent.Balance + side);
        if (parent.Balance == 0)
            return;
        node = &parent;
    }
    ++table.DepthOfTree;
}

// The subtree of `parent` on `side` has become one level lower.
void shrink(RTL_AVL_TABLE& table, Node* parent, CHAR side)
{
    while (parent != &table.BalancedRoot) {
        Node* top = parent;
        if (parent->Balance == 0) {
            parent->Balance = static_cast<CHAR>(-side);
            return;
        }
        if (parent->Balance == side)
            parent->Balance = 0;
        else {
            bool lower;
            top = &mend(*parent, static_cast<CHAR>(-side), lower);
            if (!lower)
                return;
        }
        parent = top->Parent;
        side = side_of(*top);
    }
    --table.DepthOfTree;
}

Node* outermost(Node* node, CHAR side)
{
    while (node && child(*node, side))
        node = child(*node, side);
    return node;
}

Node* step(RTL_AVL_TABLE& table, Node& node, CHAR side)
{
    if (Node* below = child(node, side))
        return outermost(below, static_cast<CHAR>(-side));
    Node* at = &node;
    while (at->Parent != &table.BalancedRoot && side_of(*at) == side)
        at = at->Parent;
    return at->Parent == &table.BalancedRoot ? nullptr : at->Parent;
}

} // namespace

void insert(RTL_AVL_TABLE& table, Node& node, Node& parent, bool as_left)
{
    node.LeftChild = node.RightChild = nullptr;
    node.Balance = 0;
    hang(parent, as_left ? kLeft : kRight, &node);
    grow(table, &node);
}

void remove(RTL_AVL_TABLE& table, Node& node)
{
    if (node.LeftChild && node.RightChild) {
        // The neighbour in the higher subtree takes the node's place; what disappears is the neighbour's old one.
        CHAR side = node.Balance == kRight ? kRight : kLeft;
        Node& neighbour = *outermost(child(node, side), static_cast<CHAR>(-side));
        Node* parent = neighbour.Parent;
        CHAR from = side_of(neighbour);
        hang(*parent, from, child(neighbour, side));
        if (parent == &node)
            parent = &neighbour;
        hang(*node.Parent, side_of(node), &neighbour);
        hang(neighbour, kLeft, node.LeftChild);
        hang(neighbour, kRight, node.RightChild);
        neighbour.Balance = node.Balance;
        shrink(table, parent, from);
        return;
    }
    Node* parent = node.Parent;
    CHAR side = side_of(node);
    hang(*parent, side, node.LeftChild ? node.LeftChild : node.RightChild);
    shrink(table, parent, side);
}

Node* first(RTL_AVL_TABLE& table) { return outermost(table.BalancedRoot.RightChild, kLeft); }
Node* next(RTL_AVL_TABLE& table, Node& node) { return step(table, node, kRight); }
Node* previous(RTL_AVL_TABLE& table, Node& node) { return step(table, node, kLeft); }

} // namespace ringside::rtl::avl
