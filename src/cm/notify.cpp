// SPDX-License-Identifier: MIT
// @cite(wdk-ddi): page=ntifs/nf-ntifs-zwnotifychangekey
#include "cm/notify.h"

#include "cm/ddi.h"
#include "cm/objects.h"
#include "ex/pool.h"
#include "ex/work_queue.h"
#include "ke/dispatcher_objects.h"
#include "ke/guarded.h"
#include "ke/kernel.h"
#include "ob/capture.h"

namespace ringside::cm {

using namespace nt;

namespace {

constexpr uint32_t kWaitTag = 'tNmC'; // "CmNt"
constexpr ULONG kThreadAgnostic = 0x1000'0000; // REG_NOTIFY_THREAD_AGNOSTIC
constexpr ULONG kLegalFilter = REG_NOTIFY_CHANGE_NAME | REG_NOTIFY_CHANGE_ATTRIBUTES | REG_NOTIFY_CHANGE_LAST_SET
    | REG_NOTIFY_CHANGE_SECURITY | kThreadAgnostic;

// What a synchronous call waits for.
struct Waiter {
    KEVENT event;
    NTSTATUS result;
};

void complete(NotifyRequest const& request, NTSTATUS status)
{
    // The block is the caller's, who may have freed it: then there is nobody left to tell.
    ke::write_guarded(request.io_status, IO_STATUS_BLOCK { { status }, 0 });
    if (request.waiter) {
        *request.result = status;
        ke::KeSetEvent(request.waiter, IO_NO_INCREMENT, FALSE);
    }
    if (request.event) {
        ke::KeSetEvent(static_cast<KEVENT*>(request.event), IO_NO_INCREMENT, FALSE);
        ob::dereference(request.event);
    }
    if (request.work)
        ex::ExQueueWorkItem(request.work, static_cast<WORK_QUEUE_TYPE>(request.work_queue));
}

// Completing passes the turn on, and anything may have changed when it comes back: so what is done is gathered first,
// in the machine's own memory, and told when no key is being looked at any more.
void end_all(Watch& watch, NTSTATUS status)
{
    for (NotifyRequest const& request : watch.requests)
        g_key_objects->ended.push_back({ request, status });
    watch.requests.clear();
}

void tell_ended()
{
    auto& ended = g_key_objects->ended;
    while (!ended.empty() && !g_key_objects->holding) {
        EndedNotify const next = ended.front();
        ended.pop_front();
        complete(next.request, next.status);
    }
}

void report(Watch& watch)
{
    if (watch.requests.empty())
        watch.seen = true;
    else
        end_all(watch, STATUS_NOTIFY_ENUM_DIR);
}

} // namespace

void notify_change(Key& key, uint32_t filter)
{
    for (Key* at = &key; at; at = at->parent)
        for (uint32_t number : at->watchers) {
            Watch& watch = g_key_objects->by_number(number)->watch;
            if ((watch.filter & filter) && (at == &key || watch.tree))
                report(watch);
        }
    tell_ended();
}

// Its parent is told in the same breath (notify_change), and then all who wait.
void notify_deleted(Key& key)
{
    for (uint32_t number : key.watchers)
        report(g_key_objects->by_number(number)->watch);
}

void end_watch(uint32_t number, KeyObject& object)
{
    if (!object.watch.active)
        return;
    object.watch.active = false;
    std::erase(object.key->watchers, number);
    end_all(object.watch, STATUS_NOTIFY_CLEANUP);
    tell_ended();
}

void end_thread_notifies(uint32_t thread)
{
    for (auto& [number, object] : g_key_objects->all())
        std::erase_if(object.watch.requests, [&](NotifyRequest const& request) {
            if (request.thread == thread)
                g_key_objects->ended.push_back({ request, STATUS_NOTIFY_CLEANUP });
            return request.thread == thread;
        });
    tell_ended();
}

HoldNotifies::HoldNotifies() { ++g_key_objects->holding; }

HoldNotifies::~HoldNotifies()
{
    --g_key_objects->holding;
    tell_ended();
}

size_t notifies_pending()
{
    size_t pending = 0;
    for (auto const& [number, object] : g_key_objects->all())
        pending += object.watch.requests.size();
    return pending;
}

NTSTATUS ZwNotifyChangeKey(HANDLE handle, HANDLE event, PIO_APC_ROUTINE routine, PVOID context,
                           IO_STATUS_BLOCK* io_status, ULONG filter, BOOLEAN tree, PVOID, ULONG, BOOLEAN asynchronous)
{
    if (!filter || (filter & ~kLegalFilter))
        return STATUS_INVALID_PARAMETER;
    KeyOfHandle const key(handle, KEY_NOTIFY);
    if (key.status())
        return key.status();
    if (NTSTATUS status = key.live())
        return status;
    ob::put(io_status, { { STATUS_PENDING }, 0 });
    NotifyRequest request { .io_status = io_status };
    if (event) {
        auto found = ob::reference_by_handle(event, EVENT_MODIFY_STATE, &ob::event_type, KernelMode);
        if (!found.ok())
            return found.status();
        request.event = found->body;
        ke::KeClearEvent(static_cast<KEVENT*>(request.event));
    }
    // In kernel mode there is no APC: a work item takes its place, and the context says in which queue.
    request.work = reinterpret_cast<WORK_QUEUE_ITEM*>(routine);
    request.work_queue = static_cast<int32_t>(reinterpret_cast<intptr_t>(context));
    request.thread = filter & kThreadAgnostic ? 0 : ke::kernel().current().number;

    Watch& watch = key.object().watch;
    if (!watch.active) {
        watch.active = true;
        watch.tree = tree;
        watch.filter = filter & ~kThreadAgnostic;
        key.key().watchers.push_back(ob::number_of(key.body()));
    }
    if (std::exchange(watch.seen, false)) {
        complete(request, STATUS_NOTIFY_ENUM_DIR);
        return STATUS_SUCCESS;
    }
    if (asynchronous) {
        watch.requests.push_back(request);
        return STATUS_PENDING;
    }
    auto* const waiter
        = static_cast<Waiter*>(ex::allocate(NonPagedPoolNx, sizeof(Waiter), kWaitTag, ex::Owner::Kernel, true));
    if (!waiter) {
        if (request.event)
            ob::dereference(request.event);
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    ke::KeInitializeEvent(&waiter->event, NotificationEvent, FALSE);
    request.waiter = &waiter->event;
    request.result = &waiter->result;
    watch.requests.push_back(request);
    ke::KeWaitForSingleObject(&waiter->event, Executive, KernelMode, FALSE, nullptr);
    NTSTATUS const result = waiter->result;
    ex::free(waiter, kWaitTag);
    return result == STATUS_NOTIFY_ENUM_DIR ? STATUS_SUCCESS : result;
}

} // namespace ringside::cm
