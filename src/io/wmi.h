// SPDX-License-Identifier: MIT
// Windows Management Instrumentation: drivers register as providers of blocks, named by GUIDs; consumers (drivers, and
// through the library clients) open a block, query and set its instances, run its methods, and hear its events.
//
//   IoWMIRegistrationControl          a worker: IRP_MN_REGINFO_EX          IoWMIRegistrationControl
//  (none) ---------------> Registering --------------------> Registered ------------> Leaving --> gone
//                              ^                                  |    DEREGISTER        waits for requests in flight
//                              +--------------- UPDATE_GUIDS -----+
//
// Invariants
//   W1  a provider's device is referenced from registration to deregistration
//   W2  a provider is erased only when no request of ours is in flight to it
//   W3  a block's events (and an expensive block's collection) are enabled exactly while somebody listens to (has opened
//       the block of) its GUID, but for the time that the worker needs to tell the driver
//   W4  what a provider answers is foreign bytes: it is read through wmi_parse.h only, and what is wrong with it is said
//       once, in `complaints`
// @cite(wdk-docs): page=kernel/windows-management-instrumentation
#pragma once

#include "base/result.h"
#include "io/wmi_parse.h"
#include "nt/nt.h"

#include <deque>
#include <list>
#include <string>
#include <utility>
#include <vector>

namespace ringside::io {

struct DeviceRecord;

struct WmiProvider {
    ULONG id = 0;                    // WNODE_HEADER.ProviderId; of birth, from 1
    DEVICE_OBJECT* device = nullptr; // referenced; null: `callback`
    PWMIENTRY callback = nullptr;    // WMIREG_FLAG_CALLBACK
    std::string label;               // "wmi_provider", for complaints
    std::vector<WmiBlock> blocks;    // in the order in which the driver told them
    unsigned jobs = 0;               // queued for the worker, or being done
    unsigned in_flight = 0;          // requests, and jobs
    bool leaving = false;
    KEVENT* drained = nullptr;       // who deregisters it waits here, on its own stack
};

// An opened block. Its body is an object of type WmiGuid; the truth is here.
struct WmiConsumer {
    void* body = nullptr;
    uint32_t number = 0; // of birth
    GUID guid {};
    ACCESS_MASK access = 0;
    bool had_provider = false; // there was one while it was open
    WMI_NOTIFICATION_CALLBACK callback = nullptr;
    void* context = nullptr;
    bool listening = false;    // to events: the callback, or the client's list
    bool records = false;      // into `heard`: a client's
    std::deque<std::vector<uint8_t>> heard; // WNODEs
};

// A WNODE in pool that IoWMIWriteEvent took over, with what its header said then: a driver may still write there.
struct WmiEvent {
    uint8_t* wnode;
    size_t bytes;
    ULONG flags;
    GUID guid;
};

struct Wmi {
    std::list<WmiProvider> providers; // oldest first
    std::list<WmiConsumer> consumers; // oldest first
    std::deque<WmiEvent> events;      // oldest first
    std::vector<std::string> complaints;
    std::vector<uint32_t> asked;      // numbers of the IRPs that providers have
    std::vector<std::pair<GUID, ULONG>> instance_ids; // IoWMIAllocateInstanceIds: next free
    KEVENT* idle = nullptr;           // in pool; set while no job is queued or being done
    unsigned jobs = 0;
    ULONG providers_born = 0;
    uint32_t consumers_born = 0;
    bool delivering = false;          // a job for `events` is queued
    bool refreshing = false;          // somebody tells drivers what is enabled
    bool refresh_again = false;       // and what that is changed meanwhile
};

// A nonpaged block that goes with its frame, or with the machine when the frame is abandoned.
class WmiBuffer {
public:
    WmiBuffer() = default;
    ~WmiBuffer() { drop(); }
    WmiBuffer(WmiBuffer const&) = delete;
    WmiBuffer& operator=(WmiBuffer const&) = delete;

    // Zeroed; false when pool is empty or the size is beyond kWmiBytesMax.
    bool make(size_t bytes);
    void drop();
    void swap(WmiBuffer& other)
    {
        std::swap(m_data, other.m_data);
        std::swap(m_bytes, other.m_bytes);
    }
    uint8_t* data() const { return m_data; }
    size_t size() const { return m_bytes; }
    std::span<uint8_t const> bytes() const { return { m_data, m_bytes }; }
    template <typename T>
    T& as() const
    {
        return *reinterpret_cast<T*>(m_data);
    }

private:
    uint8_t* m_data = nullptr;
    size_t m_bytes = 0;
};
inline constexpr size_t kWmiBytesMax = size_t { 16 } << 20; // no answer may ask for more
inline constexpr size_t kWmiEventBytesMax = 1024;           // of a WNODE that IoWMIWriteEvent takes
inline constexpr size_t kWmiComplaintsMax = 256;
inline constexpr ULONG kWmiTag = 0x696D7057;                // 'Wpmi'

// --- Providers (wmi_registration.cpp) ---

NTSTATUS IoWMIRegistrationControl(DEVICE_OBJECT* device, ULONG action);
size_t wmi_registrations();
std::vector<std::string> wmi_left(); // one line for each that did not deregister, and each block left open
// The oldest provider of the GUID with a higher id; null: none.
WmiProvider* next_provider(GUID const& guid, ULONG after);
WmiBlock* block_of(WmiProvider& provider, GUID const& guid);
WmiProvider* provider_of(DEVICE_OBJECT const* device);
WmiProvider* provider_with(ULONG id);
// What stands for a device instance path until devices have one: the last part of the device's name, or its number.
std::u16string instance_path(DeviceRecord const& device);
// Says it once; the first kWmiComplaintsMax different ones are kept.
void wmi_complain(WmiProvider const& provider, std::string words);
void wmi_complain(std::string_view who, std::string words);
// A function for a worker thread, counted in Wmi::jobs; `context` is given to it.
void queue_wmi_job(void (*job)(void* context), void* context);
void end_wmi_job(); // the last thing that a job does

// --- Requests (wmi_request.cpp) ---

// Keeps a provider from going away.
class WmiHold {
public:
    explicit WmiHold(WmiProvider& provider) : m_provider(provider) { ++provider.in_flight; }
    ~WmiHold();
    WmiHold(WmiHold const&) = delete;
    WmiHold& operator=(WmiHold const&) = delete;

private:
    WmiProvider& m_provider;
};
struct WmiAnswer {
    NTSTATUS status;
    uint64_t bytes; // that the driver says it wrote
    bool sent = true; // false: there was no memory for the request
};
// Sends one IRP_MJ_SYSTEM_CONTROL and waits; PASSIVE_LEVEL, the provider held.
WmiAnswer ask_provider(WmiProvider& provider, UCHAR minor, void* path, void* buffer, size_t bytes);
// Calls the function at PASSIVE_LEVEL: here, or from APC_LEVEL by a worker thread that is waited for.
void at_passive_level(void (*function)(void* context), void* context);

// --- Queries (wmi_query.cpp, wmi_change.cpp) ---

// What is asked for, apart from the consumer, which may go while a provider answers.
struct WmiTarget {
    GUID guid;
    bool had_provider;
};
struct WmiPlace {
    bool possible = false;  // the provider may have the instance
    bool is_static = false; // it has, at `index`
    ULONG index = 0;
};
WmiPlace find_instance(WmiBlock const& block, std::u16string_view name);
// All instances of all providers, as a chain of WNODE_ALL_DATA in the first `used` bytes; PASSIVE_LEVEL.
NTSTATUS query_all(WmiTarget const& target, WmiBuffer& into, size_t& used);
// One instance as a WNODE_SINGLE_INSTANCE; PASSIVE_LEVEL.
NTSTATUS query_single(WmiTarget const& target, std::u16string_view name, WmiBuffer& into);
struct WmiChange {
    UCHAR minor;               // IRP_MN_CHANGE_SINGLE_INSTANCE, IRP_MN_CHANGE_SINGLE_ITEM, IRP_MN_EXECUTE_METHOD
    ULONG id;                  // of the item or method
    void const* in;
    ULONG in_bytes;
    void* out;                 // a method's; may be `in`
    ULONG out_bytes;           // room; afterwards what was, or would be, written
};
NTSTATUS change(WmiTarget const& target, std::u16string_view name, WmiChange& change);
// Why nobody answers for the block: never there, or gone.
NTSTATUS nobody_serves(WmiTarget const& target);

// --- Consumers and events (wmi_event.cpp) ---

Result<WmiConsumer*> open_wmi_block(GUID const& guid, ACCESS_MASK access);
// Bug check 0x18 for what is no object; null for an object of another type.
WmiConsumer* consumer_of(void* body);
void wmi_guid_deleted(void* body);
// Tells drivers which of their blocks are enabled now; PASSIVE_LEVEL.
void refresh_wmi();
// Takes over a WNODE in pool; up to DISPATCH_LEVEL.
NTSTATUS IoWMIWriteEvent(void* wnode);
// The job for Wmi::events (wmi_delivery.cpp).
void deliver_wmi_events(void* context);

} // namespace ringside::io
