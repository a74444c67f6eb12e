// SPDX-License-Identifier: MIT
// Object headers and references. An object's body is kernel memory that drivers hold pointers to; the truth about it
// (type, counts, name) is a record beside it, found from a small header before the body whose index is checked against
// the record, never trusted.
//
//   create ----> referenced <--reference/dereference--> ... count 0 ----> deleted ----> freed
//                   |  ^                                    |                ^
//           insert  v  |  remove_name                       +-- above PASSIVE_LEVEL: on a worker thread
//                  named
//
// Invariants
//   O1  a body is freed exactly when its pointer count falls to zero
//   O2  each open handle holds one pointer reference, and so does a permanent name
//   O3  a named object stays in the namespace while it has handles or is permanent
#pragma once

#include "base/result.h"
#include "nt/nt.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

namespace ringside::ob {

struct Type {
    char const* name;            // "Device", "File", "Thread" ...: as WinObj and !object show it
    uint32_t all_access;         // what MAXIMUM_ALLOWED and GENERIC_ALL grant
    nt::GENERIC_MAPPING mapping;
    bool name_survives_handles;  // stays in the namespace without handles until its owner removes it (devices, drivers)
    bool parses_names;           // what follows its name in a path is its own business (devices, files, keys)
    int32_t wait_offset;         // of the dispatcher header in the body that a wait for a handle means; -1: none
    nt::OBJECT_TYPE* guest;      // what drivers get through IoFileObjectType and its like; made by ob at boot

    // The owning room sets these at boot; ob forgets them when a machine is made. Each may be null.
    void (*deleted)(void* body); // the last reference went; called at PASSIVE_LEVEL, before the memory is freed
    // One handle of a process was closed; `remaining` handles of all processes are left (io: IRP_MJ_CLEANUP at 0).
    void (*closed)(void* body, uint32_t remaining);
    // The name of an object that is not (only) in the namespace: a file's, a key's.
    std::u16string (*full_name)(void* body);
    // Where the descriptor is kept of an object that shares one with others: a file's is its device's, a key object's the
    // key's. Null result: it has none. Without the function the object keeps its own.
    void** (*security_slot)(void* body);
    // A descriptor that somebody else keeps (a file's, its driver): nothing is returned for an object whose descriptor is
    // kept as above, else the outcome. At PASSIVE_LEVEL, checked and probed; runs drivers. `descriptor` is self-relative,
    // in pool, and the caller's.
    std::optional<nt::NTSTATUS> (*query_security)(void* body, uint32_t parts, void* into, uint32_t bytes,
                                                  nt::ULONG* needed, nt::KPROCESSOR_MODE mode);
    std::optional<nt::NTSTATUS> (*set_security)(void* body, uint32_t parts, void* descriptor, nt::KPROCESSOR_MODE mode);
};

// Makes an object with one reference, its body zeroed and 16-byte aligned. STATUS_INSUFFICIENT_RESOURCES when pool is
// empty. The tag names the pool block in leak reports.
Result<void*> create(Type& type, size_t body_bytes, uint32_t tag);

// A pointer that is no object's body is bug check 0x18 (REFERENCE_BY_POINTER), one that cannot be read the fault's own.
void reference(void* body);
// The count before; the body is gone when it returns 1 at PASSIVE_LEVEL. Any IRQL up to DISPATCH_LEVEL: above
// PASSIVE_LEVEL the deletion is left to a worker thread.
uint32_t dereference(void* body);
// Leaves the deletion to a worker thread at any IRQL.
uint32_t dereference_deferred(void* body);
// Deletes what was left to a worker thread; at PASSIVE_LEVEL.
void delete_deferred();
// Set by the room that has a worker thread (ps): called, at any IRQL, when there is something to delete.
void set_deferral(void (*wake)());

// Null for a pointer that is not an object's body.
Type* type_of(void* body);
Type* type_of_guest(nt::OBJECT_TYPE* guest);
uint32_t references(void* body);
uint32_t handles(void* body);
// Birth number among all objects: what the log and reports call it.
uint32_t number_of(void* body);
std::u16string full_name(void* body); // "" for an unnamed object

// The access that a handle gets when `desired` is asked for and nothing forbids it: generic rights become specific.
nt::ACCESS_MASK granted_access(Type const& type, nt::ACCESS_MASK desired);

// Objects that exist, in order of birth, for the leak check and reports.
void for_each(void (*visit)(void* context, void* body, Type& type, uint32_t references, uint32_t handles,
                            std::u16string const& name),
              void* context);
size_t count();

// The types this project has.
extern Type directory_type, symbolic_link_type, device_type, driver_type, file_type, event_type, semaphore_type,
    mutant_type, timer_type, process_type, thread_type, key_type, callback_type, section_type, token_type,
    completion_port_type;

} // namespace ringside::ob
