// SPDX-License-Identifier: MIT
#include "sim/fiber.h"

#include "base/check.h"

#include <cstring>
#include <cxxabi.h>

#if defined(RINGSIDE_SANITIZE)
#include <pthread.h>
#include <sanitizer/common_interface_defs.h>
#endif

extern "C" {
void* ringside_gate_head = nullptr;
void ringside_fiber_switch(void** save_rsp, void* load_rsp);
void ringside_fiber_start();
void ringside_call_on_stack(void* top, void (*function)(void*), void* context);
[[noreturn]] void ringside_fiber_main(ringside::sim::Fiber* fiber);
}

namespace ringside::sim {

namespace {
Fiber* g_current = nullptr;
}

Fiber& Fiber::current() { return *g_current; }

void Fiber::adopt_host_stack(Fiber& host)
{
    g_current = &host;
#if defined(RINGSIDE_SANITIZE)
    pthread_attr_t attributes;
    void* low = nullptr;
    size_t size = 0;
    pthread_getattr_np(pthread_self(), &attributes);
    pthread_attr_getstack(&attributes, &low, &size);
    pthread_attr_destroy(&attributes);
    host.m_stack_low = reinterpret_cast<uintptr_t>(low);
    host.m_stack_high = host.m_stack_low + size;
#endif
}

void Fiber::prepare(void* stack, size_t size, Entry entry, void* context)
{
    m_stack_low = reinterpret_cast<uintptr_t>(stack);
    m_stack_high = m_stack_low + size;
    m_entry = entry;
    m_context = context;
    m_gate_head = nullptr;
    m_eh = {};
    m_fake_stack = nullptr;
    // The image ringside_fiber_switch pops: mxcsr and padding, r15 r14 r13 r12 rbx rbp, return address.
    constexpr size_t kImage = 8 * 8;
    // After the `ret` rsp must be 16-byte aligned, as ringside_fiber_start calls on from there.
    auto* rsp = reinterpret_cast<uint8_t*>((m_stack_high - 64) & ~uintptr_t { 15 }) - kImage;
    std::memset(rsp, 0, kImage);
    auto* words = reinterpret_cast<uint64_t*>(rsp);
    words[0] = 0x1F80; // mxcsr
    words[5] = reinterpret_cast<uint64_t>(this); // rbx
    words[7] = reinterpret_cast<uint64_t>(&ringside_fiber_start);
    m_rsp = rsp;
}

void Fiber::leave(Fiber& to, bool for_good)
{
    auto* globals = reinterpret_cast<EhGlobals*>(abi::__cxa_get_globals());
    m_eh = *globals;
    m_gate_head = ringside_gate_head;
    *globals = to.m_eh;
    ringside_gate_head = to.m_gate_head;
    to.m_came_from = this;
    g_current = &to;
#if defined(RINGSIDE_SANITIZE)
    __sanitizer_start_switch_fiber(for_good ? nullptr : &m_fake_stack, reinterpret_cast<void*>(to.m_stack_low),
                                   to.m_stack_high - to.m_stack_low);
#else
    (void)for_good;
#endif
    ringside_fiber_switch(&m_rsp, to.m_rsp);
    arrived();
}

void Fiber::arrived()
{
#if defined(RINGSIDE_SANITIZE)
    __sanitizer_finish_switch_fiber(g_current->m_fake_stack, nullptr, nullptr);
#endif
}

void Fiber::switch_to(Fiber& to)
{
    Fiber& from = *g_current;
    if (&from == &to)
        return;
    from.leave(to, false);
}

void Fiber::abandon_for(Fiber& to)
{
    g_current->leave(to, true);
    CHECK(false, "an abandoned fiber was resumed");
    __builtin_unreachable();
}

// Whatever way the call ends, the fiber is back on its own stack when this goes.
class Fiber::OtherStack {
public:
    OtherStack(void* stack, size_t size)
        : m_fiber(*g_current)
        , m_low(m_fiber.m_stack_low)
        , m_high(m_fiber.m_stack_high)
    {
        m_fiber.m_stack_low = reinterpret_cast<uintptr_t>(stack);
        m_fiber.m_stack_high = m_fiber.m_stack_low + size;
#if defined(RINGSIDE_SANITIZE)
        __sanitizer_start_switch_fiber(&m_fake_stack, stack, size);
#endif
    }
    ~OtherStack()
    {
        m_fiber.m_stack_low = m_low;
        m_fiber.m_stack_high = m_high;
#if defined(RINGSIDE_SANITIZE)
        __sanitizer_start_switch_fiber(nullptr, reinterpret_cast<void*>(m_low), m_high - m_low);
        __sanitizer_finish_switch_fiber(m_fake_stack, nullptr, nullptr);
#endif
    }
    OtherStack(OtherStack const&) = delete;
    OtherStack& operator=(OtherStack const&) = delete;

private:
    Fiber& m_fiber;
    uintptr_t m_low;
    uintptr_t m_high;
    [[maybe_unused]] void* m_fake_stack = nullptr;
};

void Fiber::call_on(void* stack, size_t size, Entry function, void* context)
{
    struct Call {
        Entry function;
        void* context;
    } call { function, context };
    auto const top = (reinterpret_cast<uintptr_t>(stack) + size - 64) & ~uintptr_t { 15 };
    OtherStack other(stack, size);
    ringside_call_on_stack(
        reinterpret_cast<void*>(top),
        [](void* made) {
#if defined(RINGSIDE_SANITIZE)
            __sanitizer_finish_switch_fiber(nullptr, nullptr, nullptr);
#endif
            auto const& call = *static_cast<Call*>(made);
            call.function(call.context);
        },
        &call);
}

void fiber_main(Fiber* fiber)
{
    Fiber::arrived();
    fiber->m_entry(fiber->m_context);
    CHECK(false, "a fiber's entry returned");
}

} // namespace ringside::sim

extern "C" void ringside_fiber_main(ringside::sim::Fiber* fiber)
{
    ringside::sim::fiber_main(fiber);
    __builtin_unreachable();
}
