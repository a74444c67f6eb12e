// SPDX-License-Identifier: MIT
// ZwNotifyChangeKey. A key object watches once it was asked for the first time, with the filter of that time, until its
// last handle closes: what changes between two calls completes the second at once.
//
//   call --> change seen since the last one? --yes--> done: STATUS_NOTIFY_ENUM_DIR
//                     | no
//                     v
//                  waiting --change, key deleted--> STATUS_NOTIFY_ENUM_DIR
//                          --last handle closed, asking thread ended--> STATUS_NOTIFY_CLEANUP
#pragma once

#include "cm/key.h"
#include "nt/nt.h"

#include <deque>

namespace ringside::cm {

struct KeyObject;

// One call that waits.
struct NotifyRequest {
    nt::IO_STATUS_BLOCK* io_status = nullptr;
    void* event = nullptr; // an event object, referenced
    nt::KEVENT* waiter = nullptr; // of a synchronous call: in pool, its thread frees it
    nt::NTSTATUS* result = nullptr; // beside it
    nt::WORK_QUEUE_ITEM* work = nullptr; // a kernel-mode caller's instead of an APC
    int32_t work_queue = 0;
    uint32_t thread = 0;
};

struct EndedNotify {
    NotifyRequest request;
    nt::NTSTATUS status;
};

struct Watch {
    bool active = false;
    bool tree = false;
    bool seen = false; // a change, with no request waiting
    uint32_t filter = 0;
    std::deque<NotifyRequest> requests;
};

void notify_change(Key& key, uint32_t filter);
void notify_deleted(Key& key);
void end_watch(uint32_t number, KeyObject& object);
// A thread ends: so do its requests.
void end_thread_notifies(uint32_t thread);
// Requests that end meanwhile are told when this goes: completing one may pass the turn on, which frames that own heap
// memory must not do.
class HoldNotifies {
public:
    HoldNotifies();
    ~HoldNotifies();
    HoldNotifies(HoldNotifies const&) = delete;
    HoldNotifies& operator=(HoldNotifies const&) = delete;
};
// Requests that wait; for the leak check and tests.
size_t notifies_pending();

} // namespace ringside::cm
