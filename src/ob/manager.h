// SPDX-License-Identifier: MIT
// The room's state: every object's record, the namespace, the handle tables, the callback registrations. The machine
// makes one ObjectManager after pool and tears it down before pool; the free functions of the other headers work on it.
#pragma once

#include "base/windows.h"
#include "hal/layout.h"
#include "ke/thread.h"
#include "nt/nt.h"
#include "ob/capture.h"
#include "ob/name_table.h"
#include "ob/object.h"
#include "ob/object_callbacks.h"

#include <deque>
#include <list>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace ringside::ob {

struct Record;

inline std::u16string_view name_of(Record const& record);

// Children by birth, for listings, and by name without case: a case-sensitive lookup then compares what it finds.
struct Directory {
    std::map<uint64_t, Record*> by_birth;
    NameTable<Record, name_of> by_name;
};

struct Record {
    void* body = nullptr; // null: the record is free
    Type* type = nullptr;
    size_t index = 0;
    uint32_t number = 0;
    uint32_t tag = 0;
    uint32_t pointers = 0;
    uint32_t handles = 0;
    bool permanent = false;
    bool deleting = false;
    bool exclusive = false; // handles of one process at a time (OBJ_EXCLUSIVE when it was made)
    bool made_by_driver = false; // ObCreateObject: no room has a record of it
    uint32_t exclusive_to = 0; // while it has handles: the table that they are in
    void* security = nullptr; // a self-relative descriptor in pool; null: everybody may do everything

    Record* directory = nullptr; // where its name stands; null: nameless
    std::u16string name;
    std::map<uint64_t, Record*>::iterator name_order; // its place in the directory's by_birth

    Record* older = nullptr; // living objects in order of birth
    Record* younger = nullptr;

    std::unique_ptr<Directory> children; // a directory's
    std::u16string target; // a symbolic link's
};

inline std::u16string_view name_of(Record const& record) { return record.name; }

struct HandleEntry {
    Record* object = nullptr; // null: free
    nt::ACCESS_MASK granted = 0;
    uint32_t next_free = 0; // of a free entry: the one freed before it, counted from 1
    bool inherit = false;
    bool protect = false; // from being closed
};

// The value freed last is given out first, as on Windows; without one, the next that was never used.
struct HandleTable {
    std::vector<HandleEntry> entries;
    size_t open = 0;
    uint32_t first_free = 0; // counted from 1
};

struct TypeCounts {
    uint32_t objects = 0;
    uint32_t handles = 0;
    uint32_t most_objects = 0;
    uint32_t most_handles = 0;
};

// One routine registered with a callback object. The driver's handle is a block of kernel memory with the event that
// ExUnregisterCallback waits for.
struct Registration {
    nt::KEVENT* idle = nullptr;
    Record* object = nullptr; // null: unregistered
    nt::PCALLBACK_FUNCTION function = nullptr;
    void* context = nullptr;
    uint32_t busy = 0;
    bool leaving = false;
};

inline constexpr size_t kTypeCount = 17;
extern Type* const kTypes[kTypeCount];
// This room's part of the data exports: pointer variables, then the OBJECT_TYPEs they point at.
inline constexpr uintptr_t kTypeVariables = hal::kDataExports + 0x10000;
inline constexpr uintptr_t kGuestTypes = hal::kDataExports + 0x11000;
inline constexpr size_t kGuestTypeBytes = 0x100;
// The address of a type's exported pointer variable.
void* type_variable(Type const& type);
// What information classes call a type.
nt::UCHAR type_index(Type const& type);

class ObjectManager {
public:
    explicit ObjectManager(Windows windows);
    ~ObjectManager();
    ObjectManager(ObjectManager const&) = delete;
    ObjectManager& operator=(ObjectManager const&) = delete;

    // Null for a pointer that is no body; never touches memory that is not there.
    Record* find(void const* body);
    // For pointers that a driver gave: a fault or bug check 0x18 when it is no body.
    Record& require(void* body);
    Record& make(Type& type, void* body, uint32_t tag);
    void remove(Record& record); // runs `deleted` and frees body and record

    // Made when there is none. The one that was asked for last is at hand: a process resolves its handles one after another.
    HandleTable& table_of(uint32_t process)
    {
        if (!m_last_table || m_last_process != process) {
            m_last_table = &m_tables[process];
            m_last_process = process;
        }
        return *m_last_table;
    }
    void forget_table(uint32_t process)
    {
        m_last_table = nullptr;
        m_tables.erase(process);
    }
    std::map<uint32_t, HandleTable> const& tables() const { return m_tables; }

    TypeCounts& counts_of(Type const& type);

    void link(Record& directory, Record& object, std::u16string_view name);
    void unlink(Record& object);

    Record* root = nullptr;
    Record* oldest = nullptr;
    Record* youngest = nullptr;
    size_t living = 0;
    std::deque<Record*> deferred;
    void (*wake)() = nullptr;
    std::list<Registration> registrations; // of all callback objects, in order of registration
    uint32_t notifying = 0; // walks of that list in progress
    ObjectCallbacks callbacks;
    std::map<uint32_t, Attributes> uninserted; // of ObCreateObject, by object number; each holds its root

private:
    void make_types();
    void make_namespace(Windows windows);
    void make_system_callbacks(Windows windows);

    std::deque<Record> m_records;
    std::vector<size_t> m_free;
    uint32_t m_born = 0;
    uint64_t m_names = 0;
    std::map<uint32_t, HandleTable> m_tables; // by process number
    HandleTable* m_last_table = nullptr;      // of m_last_process
    uint32_t m_last_process = 0;
    TypeCounts m_counts[kTypeCount];
};

extern ObjectManager* g_manager;
inline ObjectManager& manager() { return *g_manager; }

} // namespace ringside::ob
