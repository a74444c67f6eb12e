// SPDX-License-Identifier: MIT
// Gates: how a driver enters the kernel. Each import a driver binds is an Import: a stub at a fixed address leads into
// the assembly gate (ke/gate.S), which calls Import::entry with the argument slots. Three entries exist for the same
// body (docs/design.md D6):
//   bare      the body, nothing else
//   observed  a schedule point, the body, a log line
//   verified  observed, and the listeners' checks before and after the body, IRQL and the fault door among them
// Schedule points and log lines are the same observed and verified, so that the Verifier never changes what happens.
//
// Two gates lead there. The full one saves all that a Microsoft-convention callee keeps. A light one leaves xmm6 to xmm15
// where they are, which is a third of its work: it leads to the few services on an IRP's path that are written for it
// (Body::light_observed), in the Microsoft convention, with the driver's own arguments. Whatever such a service calls that is not
// must be called through ringside_outside, which then saves those ten in the gate's frame and makes it a full one for as
// long (Way, below). So a frame that is still light says that they are as the driver left them.
//
// The chain. Every gate frame on a fiber's stack is linked, newest first, from ringside_gate_head, with two other kinds
// of node: one that carries the full context of a driver's instruction that faulted or raised (so that walks step over
// the dispatcher's own frames), and a barrier where control came from nowhere (a DPC or an ISR on a borrowed stack:
// the interrupted thread's handlers must not see its exceptions).
#pragma once

#include "base/contract.h"
#include "nt/nt.h"
#include "sim/fiber.h"

namespace ringside::ke {

enum class Binding : uint8_t { Bare, Observed, Verified };

struct Import;
using ImportEntry = uint64_t (*)(uint64_t* arguments, Import const* import);

struct Import {
    ImportEntry entry = nullptr; // first: ringside_gate calls through it
    void* light = nullptr;       // second: ringside_light_gate calls through it; null: bound to the full gate
    Ddi const* ddi = nullptr; // null: a service that is missing
    uint32_t number = 0; // of the export in the machine's table: what the log records
    char const* dll = nullptr; // for a missing service, as the driver's import names it
    char const* name = nullptr;
};

// The kinds of chain node. Assembly writes Gate and LightGate.
enum class NodeKind : uint64_t { Gate = 0, LightGate = 1, Context = 2, Unwind = 3, Barrier = 4, Outlet = 5 };

struct ChainNode {
    ChainNode* previous;
    NodeKind kind;
};

inline bool is_gate(ChainNode const& node) { return node.kind <= NodeKind::LightGate; }

// The frame that both gates lay down, lowest address first.
struct GateFrame {
    ChainNode node;
    nt::M128A xmm6_to_15[10]; // of a light gate: not written
    uint64_t padding;
    uint64_t r15, r14, r13, r12, rbx, rsi, rdi, rbp;
    uint64_t return_address;
};
static_assert(offsetof(GateFrame, xmm6_to_15) == 16 && offsetof(GateFrame, r15) == 184
              && offsetof(GateFrame, return_address) == 248);

struct ContextNode {
    ChainNode node;
    nt::CONTEXT* context;
};

// A __finally in progress: what a collided unwind continues from.
struct UnwindNode {
    ChainNode node;
    nt::DISPATCHER_CONTEXT* dispatcher;
};

struct BarrierNode {
    ChainNode node;
};

// Around a callback whose exceptions must not leave it: the first that would is given to `escaped`, which ends the
// machine.
struct OutletNode {
    ChainNode node;
    void (*escaped)(void* owner, nt::EXCEPTION_RECORD const& record, nt::CONTEXT const& context);
    void* owner;
};

inline ChainNode* chain_head() { return static_cast<ChainNode*>(sim::ringside_gate_head); }

// Links a node for a scope. A frame that is unwound as C++ unlinks it; one that is stepped over is unlinked by the
// context restore, which drops every node below the new stack pointer.
template <typename Node>
class Linked {
public:
    explicit Linked(Node& node, NodeKind kind)
        : m_node(node)
    {
        node.node.previous = chain_head();
        node.node.kind = kind;
        sim::ringside_gate_head = &node;
    }
    ~Linked() { sim::ringside_gate_head = m_node.node.previous; }
    Linked(Linked const&) = delete;
    Linked& operator=(Linked const&) = delete;

private:
    Node& m_node;
};

ImportEntry entry_for(Binding binding);
// The row's entry behind the light gate; null: it has none in such a machine.
void* light_entry_for(Ddi const& row, Binding binding);
// What an import that Ringside lacks is bound to: ends the machine, naming the service (failure kind d).
uint64_t missing_service(uint64_t* arguments, Import const* import);

// A body of a row that fails inside (Fail::Inside) is about to take memory: whether there shall be none.
bool fails_inside();

extern "C" void ringside_gate();
extern "C" void ringside_light_gate();
// Calls a host function of up to three words on behalf of a service behind a light gate.
extern "C" NTAPI uint64_t ringside_outside(void* function, uint64_t first, uint64_t second, uint64_t third);

// How code that stands behind both kinds of gate calls what is not on its path.
struct Plain {
    template <auto Function, typename... A>
    [[gnu::always_inline]] static auto call(A... arguments)
    {
        return Function(arguments...);
    }
};
struct Light {
    template <auto Function, typename... A>
    [[gnu::always_inline]] static auto call(A... arguments)
    {
        static_assert(sizeof...(A) <= 3);
        uint64_t words[3] = { contract::to_slot(arguments)... };
        using R = decltype(Function(arguments...));
        uint64_t const result = ringside_outside(reinterpret_cast<void*>(Function), words[0], words[1], words[2]);
        if constexpr (!std::is_void_v<R>)
            return contract::from_slot<R>(result);
    }
};
// Light gates count on their services' being inlined whole: what stays a function of its own may use vector registers.
#if defined(__OPTIMIZE__) && !defined(RINGSIDE_SANITIZE)
inline constexpr bool kLightGates = true;
#else
inline constexpr bool kLightGates = false;
#endif

// The verifier's ear (room verifier, above us). Null members cost one test in verified mode and nothing otherwise.
struct GateListener {
    // May end the machine (bug_check). Called at the caller's IRQL.
    void (*before)(Import const* import, uint64_t* arguments) = nullptr;
    void (*after)(Import const* import, uint64_t* arguments, uint64_t result) = nullptr;
};
extern GateListener g_gate_listener;
// Force IRQL Checking (room mm): called when a driver is about to run, or go on, at DISPATCH_LEVEL or above. Null: off.
extern void (*g_at_dispatch)();
inline void at_dispatch() { g_at_dispatch(); }
extern Binding g_binding; // of the live machine

} // namespace ringside::ke
