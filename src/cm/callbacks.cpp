// SPDX-License-Identifier: MIT
// @cite(wdk-docs): page=kernel/handling-notifications
// @cite(wdk-docs): page=kernel/supporting-layered-registry-filtering-drivers
// @cite(wdk-docs): page=kernel/specifying-context-information
#include "cm/callbacks.h"

#include "base/check.h"
#include "cm/objects.h"
#include "ke/dispatcher_objects.h"
#include "ke/kernel.h"

#include <algorithm>

namespace ringside::cm {

using namespace nt;

CallbackList* g_callbacks = nullptr;

namespace {

constexpr uint32_t kCallbackTag = 'bCmC'; // "CmCb"
// What routines without an altitude stand at: the load order group "Filter" of the time before altitudes ends there,
// near the top.
// @cite(wdk-docs): page=ifs/load-order-groups-and-altitudes-for-minifilter-drivers
constexpr std::u16string_view kOldAltitude = u"429999";
constexpr int64_t kFirstCookie = 0x01D0'0000'0000'0000;

std::u16string_view altitude_of(Callback const& callback)
{
    return callback.altitude.empty() ? kOldAltitude : std::u16string_view(callback.altitude);
}

bool is_altitude(std::u16string_view text)
{
    return !text.empty() && text.front() != u'.' && text.back() != u'.' && std::ranges::count(text, u'.') <= 1
        && std::ranges::all_of(text, [](char16_t c) { return (c >= u'0' && c <= u'9') || c == u'.'; });
}

// Decimal numbers of any length: negative, zero or positive as a is below, at or above b.
int compare_altitudes(std::u16string_view a, std::u16string_view b)
{
    auto split = [](std::u16string_view text) {
        size_t const point = std::min(text.find(u'.'), text.size());
        auto whole = text.substr(0, point);
        auto fraction = text.substr(std::min(point + 1, text.size()));
        whole.remove_prefix(std::min(whole.find_first_not_of(u'0'), whole.size()));
        while (!fraction.empty() && fraction.back() == u'0')
            fraction.remove_suffix(1);
        return std::pair(whole, fraction);
    };
    auto const [whole_a, fraction_a] = split(a);
    auto const [whole_b, fraction_b] = split(b);
    if (whole_a.size() != whole_b.size())
        return whole_a.size() < whole_b.size() ? -1 : 1;
    if (int const order = whole_a.compare(whole_b))
        return order;
    return fraction_a.compare(fraction_b);
}

// Since Windows 7 an exception that a registry callback does not handle itself ends the machine.
// @cite(wdk-debugger): page=debugger/bug-check-0x135--registry-filter-driver-exception
void escaped(void* callback, EXCEPTION_RECORD const& record, CONTEXT const& context)
{
    ke::kernel().bug_check(REGISTRY_FILTER_DRIVER_EXCEPTION, static_cast<uint32_t>(record.ExceptionCode),
                           reinterpret_cast<uint64_t>(&context),
                           reinterpret_cast<uint64_t>(static_cast<Callback*>(callback)->function), 0, &context,
                           "a registry callback let an exception escape");
}

[[noreturn]] void callback_raised(NTSTATUS status, Callback const& callback)
{
    ke::bug_check(REGISTRY_FILTER_DRIVER_EXCEPTION, static_cast<uint32_t>(status), 0,
                  reinterpret_cast<uint64_t>(callback.function), 0, "a registry callback let an exception escape");
}

} // namespace

// --- The list ---

CallbackList::CallbackList()
    : m_cookies(kFirstCookie)
{
    CHECK(!g_callbacks, "one machine is live per process at a time");
    g_callbacks = this;
}

CallbackList::~CallbackList() { g_callbacks = nullptr; }

Result<int64_t> CallbackList::add(PEX_CALLBACK_FUNCTION function, void* context, std::u16string altitude)
{
    if (!altitude.empty() && !is_altitude(altitude))
        return Failure { STATUS_INVALID_PARAMETER };
    std::u16string_view const ours = altitude.empty() ? kOldAltitude : std::u16string_view(altitude);
    auto at = m_callbacks.begin();
    for (; at != m_callbacks.end(); ++at) {
        int const order = compare_altitudes(altitude_of(*at), ours);
        if (order < 0)
            break;
        if (order == 0 && !at->leaving && !altitude.empty())
            return Failure { STATUS_FLT_INSTANCE_ALTITUDE_COLLISION };
    }
    auto* const idle
        = static_cast<KEVENT*>(ex::allocate(NonPagedPoolNx, sizeof(KEVENT), kCallbackTag, ex::Owner::Kernel, true));
    if (!idle)
        return Failure { STATUS_INSUFFICIENT_RESOURCES };
    ke::KeInitializeEvent(idle, NotificationEvent, FALSE);
    auto const added
        = m_callbacks.insert(at, Callback { ++m_cookies, std::move(altitude), function, context, idle, 0, false });
    return added->cookie;
}

Callback* CallbackList::find(int64_t cookie)
{
    for (Callback& callback : m_callbacks)
        if (callback.cookie == cookie && !callback.leaving)
            return &callback;
    return nullptr;
}

void CallbackList::purge()
{
    if (!walks)
        m_callbacks.remove_if([](Callback const& callback) { return callback.leaving && !callback.idle; });
}

Callback* CallbackList::current(uint32_t thread) const
{
    auto it = m_current.find(thread);
    return it == m_current.end() ? nullptr : it->second;
}

void CallbackList::set_current(uint32_t thread, Callback* callback)
{
    if (callback)
        m_current[thread] = callback;
    else
        m_current.erase(thread);
}

namespace {

// Calls one routine, which stays in the list that long.
NTSTATUS call_routine(Callback& callback, int32_t notify_class, void* information)
{
    class Call {
    public:
        explicit Call(Callback& callback)
            : m_callback(callback)
            , m_thread(ke::kernel().current().number)
            , m_outer(g_callbacks->current(m_thread))
        {
            ++callback.busy;
            g_callbacks->set_current(m_thread, &callback);
        }
        ~Call()
        {
            g_callbacks->set_current(m_thread, m_outer);
            if (--m_callback.busy == 0 && m_callback.leaving)
                ke::KeSetEvent(m_callback.idle, IO_NO_INCREMENT, FALSE);
        }

    private:
        Callback& m_callback;
        uint32_t m_thread;
        Callback* m_outer;
    } const call(callback);
    // Both ways out of the routine: a driver's frames leave by the outlet, host code (tests) by C++.
    ke::OutletNode outlet { {}, escaped, &callback };
    ke::Linked const linked(outlet, ke::NodeKind::Outlet);
    NTSTATUS raised = STATUS_SUCCESS;
    try {
        return ke::through_door(ke::DoorPassage { ke::Door::Other, nullptr }, callback.function, callback.context,
                                reinterpret_cast<void*>(static_cast<intptr_t>(notify_class)), information);
    } catch (ke::Raised const& exception) {
        raised = exception.status;
    }
    // @cite(wdk-ddi): page=wdm/nf-wdm-cmgetcallbackversion
    if (registry().windows() < Windows::win7)
        return STATUS_SUCCESS; // quietly accepted
    callback_raised(raised, callback);
}

} // namespace

namespace {

void wait_until_idle(Callback& callback)
{
    while (callback.busy) {
        ke::KeClearEvent(callback.idle);
        ke::KeWaitForSingleObject(callback.idle, Executive, KernelMode, FALSE, nullptr);
    }
}

} // namespace

NTSTATUS CallbackList::remove(int64_t cookie)
{
    Callback* const callback = find(cookie);
    if (!callback)
        return STATUS_INVALID_PARAMETER;
    callback->leaving = true;
    wait_until_idle(*callback);
    // One context at a time, for the routine may do anything meanwhile.
    for (uint32_t number = 0;;) {
        auto it = g_key_objects->all().upper_bound(number);
        if (it == g_key_objects->all().end())
            break;
        number = it->first;
        auto& contexts = it->second.contexts;
        auto mine = std::ranges::find(contexts, cookie, &ObjectContext::cookie);
        if (mine == contexts.end())
            continue;
        REG_CALLBACK_CONTEXT_CLEANUP_INFORMATION info { it->second.body, mine->context, nullptr };
        contexts.erase(mine);
        call_routine(*callback, RegNtCallbackObjectContextCleanup, &info);
    }
    wait_until_idle(*callback); // key objects that went meanwhile called it, too
    ex::free(callback->idle, kCallbackTag);
    callback->idle = nullptr;
    purge();
    return STATUS_SUCCESS;
}

void clean_contexts(void* body, KeyObject& object)
{
    while (!object.contexts.empty()) {
        ObjectContext const mine = object.contexts.back();
        object.contexts.pop_back();
        // One that is being removed is told, too: it waits for this.
        auto const callback = std::ranges::find_if(
            g_callbacks->all(), [&](Callback const& c) { return c.cookie == mine.cookie && c.idle; });
        if (callback == g_callbacks->all().end())
            continue;
        REG_CALLBACK_CONTEXT_CLEANUP_INFORMATION info { body, mine.context, nullptr };
        call_routine(*callback, RegNtCallbackObjectContextCleanup, &info);
    }
}

// --- An operation ---

CallbackWalk::CallbackWalk(Operation const& operation, void* object, void* information, void** call_context,
                           void** object_context)
    : m_operation(operation)
    , m_object(object)
    , m_information(information)
    , m_call_context(call_context)
    , m_object_context(object_context)
    , m_told(g_callbacks->count() * sizeof(Told))
{
    ++g_callbacks->walks;
}

CallbackWalk::~CallbackWalk()
{
    --g_callbacks->walks;
    g_callbacks->purge();
}

void* CallbackWalk::context_of(void* object, Callback const& callback) const
{
    KeyObject* const found = object ? g_key_objects->find_any(object) : nullptr;
    if (found)
        for (ObjectContext const& context : found->contexts)
            if (context.cookie == callback.cookie)
                return context.context;
    return nullptr;
}

NTSTATUS CallbackWalk::call(Callback& callback, int32_t notify_class, void* information)
{
    return call_routine(callback, notify_class, information);
}

bool CallbackWalk::before()
{
    if (registry().windows() < m_operation.since)
        return true;
    if (!m_told.ok()) {
        m_status = STATUS_INSUFFICIENT_RESOURCES;
        return !m_operation.can_refuse;
    }
    size_t const room = m_told.size() / sizeof(Told);
    Callback const* const above = g_callbacks->current(ke::kernel().current().number);
    bool reached = !above;
    for (Callback& callback : g_callbacks->all()) {
        bool const told = reached && !callback.leaving;
        reached |= &callback == above;
        if (!told || m_count == room)
            continue;
        *m_call_context = nullptr;
        *m_object_context = context_of(m_object, callback);
        NTSTATUS const status = call(callback, m_operation.pre, m_information);
        if (NT_SUCCESS(status) || !m_operation.can_refuse) {
            reinterpret_cast<Told*>(m_told.data())[m_count++] = { &callback, *m_call_context };
            continue;
        }
        m_status = status == STATUS_CALLBACK_BYPASS ? STATUS_SUCCESS : status;
        return false;
    }
    return true;
}

NTSTATUS CallbackWalk::after(NTSTATUS status, void* const* result)
{
    if (registry().windows() < m_operation.post_since)
        return status;
    while (m_count) {
        Told const told = reinterpret_cast<Told*>(m_told.data())[--m_count];
        if (told.callback->leaving)
            continue;
        void* const context = context_of(m_object, *told.callback);
        *m_call_context = told.call_context;
        *m_object_context = context;
        REG_POST_OPERATION_INFORMATION post {};
        post.Object = !result ? m_object : NT_SUCCESS(status) ? *result : nullptr;
        post.Status = status;
        post.PreInformation = m_information;
        post.ReturnStatus = status;
        post.CallContext = told.call_context;
        post.ObjectContext = context;
        NTSTATUS const returned = call(*told.callback, m_operation.post, &post);
        if (returned == STATUS_CALLBACK_BYPASS && m_operation.can_refuse)
            status = post.ReturnStatus;
    }
    return status;
}

} // namespace ringside::cm
