// SPDX-License-Identifier: MIT
#include "ke/bugcheck.h"

#include "base/check.h"
#include "ke/bugcheck_callbacks.h"
#include "ke/kernel.h"
#include "nt/bugcheck.h"
#include "sim/host.h"

#include <algorithm>
#include <cstring>
#include <fmt/format.h>
#include <utility>

namespace ringside::ke {

using namespace nt;

namespace {
// The verifier rule on whose behalf the next bug check is made; read once.
char const* g_rule = nullptr;
uint64_t g_routine = 0;

// Puts the routine that a rule named before the rest, where nothing of a driver is in it.
void add_routine(BackTrace& trace)
{
    uint64_t const routine = std::exchange(g_routine, 0);
    auto const& images = kernel().images();
    for (size_t i = 0; i < trace.count; ++i)
        if (images.find(trace.addresses[i]))
            return;
    if (!images.find(routine))
        return;
    trace.count = std::min(trace.count + 1, trace.addresses.size());
    std::copy_backward(trace.addresses.begin(), trace.addresses.begin() + trace.count - 1,
                       trace.addresses.begin() + trace.count);
    trace.addresses[0] = routine;
}
} // namespace

char const* bug_check_name(uint32_t code)
{
    for (auto const& entry : kBugCheckNames)
        if (entry.code == code)
            return entry.name;
    return "";
}

// The context of the code that called into the kernel: the newest gate on this fiber, or of the newest fault.
static CONTEXT caller_context()
{
    CONTEXT context {};
    for (ChainNode* node = chain_head(); node; node = node->previous) {
        if (is_gate(*node)) {
            context_of_gate(*reinterpret_cast<GateFrame*>(node), context);
            if (kernel().images().find(context.Rip))
                return context;
        } else if (node->kind == NodeKind::Context)
            return *reinterpret_cast<ContextNode*>(node)->context;
        else if (node->kind == NodeKind::Barrier)
            break;
    }
    return context;
}

void Kernel::bug_check(uint32_t code, uint64_t p1, uint64_t p2, uint64_t p3, uint64_t p4, CONTEXT const* at,
                       char const* words)
{
    CHECK(m_running, "a bug check outside the machine");
    if (m_crash.happened) // a bug-check callback failed: the first one is the one to report
        sim::Fiber::abandon_for(m_host);
    m_crash.happened = true;
    m_crash.kind = EndKind::BugCheck;
    m_crash.code = code;
    m_crash.parameters[0] = p1;
    m_crash.parameters[1] = p2;
    m_crash.parameters[2] = p3;
    m_crash.parameters[3] = p4;
    m_crash.words = words ? words : "";
    m_crash.rule = g_rule ? g_rule : "";
    g_rule = nullptr;
    m_crash.time_100ns = sim::world().now_100ns();
    m_crash.processor = cpu().number();
    m_crash.irql = irql();
    m_crash.thread = current().number;
    m_crash.context = at ? *at : caller_context();
    m_crash.trace = back_trace(m_crash.context);
    add_routine(m_crash.trace);
    log_always(sim::Event::BugCheck, 0, code);
    m_crash.replayable = sim::world().replayable();
    hal::processor().set_irql(HIGH_LEVEL);
    run_bug_check_callbacks(m_crash);
    m_stop = Stop::BugCheck;
    sim::Fiber::abandon_for(m_host);
}

void Kernel::stop_for_missing_service(Import const& import)
{
    m_crash.happened = true;
    m_crash.kind = EndKind::MissingService;
    m_crash.service = fmt::format("{}!{}", import.dll, import.name);
    m_crash.words = fmt::format("the driver called {}, which Ringside does not have yet", m_crash.service);
    m_crash.time_100ns = sim::world().now_100ns();
    m_crash.processor = cpu().number();
    m_crash.irql = irql();
    m_crash.thread = current().number;
    m_crash.context = caller_context();
    m_crash.trace = back_trace(m_crash.context);
    m_crash.replayable = sim::world().replayable();
    m_stop = Stop::BugCheck;
    sim::Fiber::abandon_for(m_host);
}

void bug_check(uint32_t code, uint64_t p1, uint64_t p2, uint64_t p3, uint64_t p4, char const* words)
{
    kernel().bug_check(code, p1, p2, p3, p4, nullptr, words);
}

void violation(char const* rule, uint32_t code, uint64_t p1, uint64_t p2, uint64_t p3, uint64_t p4, char const* words,
               void const* routine)
{
    g_rule = rule;
    g_routine = reinterpret_cast<uint64_t>(routine);
    kernel().bug_check(code, p1, p2, p3, p4, nullptr, words);
}

} // namespace ringside::ke
