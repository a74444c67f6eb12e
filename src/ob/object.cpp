// SPDX-License-Identifier: MIT
// An object's life: birth, references, deletion.
#include "ob/manager.h"

#include "base/check.h"
#include "ex/pool.h"
#include "ke/exception.h"
#include "ke/guarded.h"
#include "ke/kernel.h"
#include "ob/namespace.h"
#include "ob/security.h"

#include <algorithm>

namespace ringside::ob {

using namespace nt;

ObjectManager* g_manager = nullptr;

namespace {

// Stands right before a body.
struct Header {
    uint64_t index;
    uint64_t number;
};
static_assert(sizeof(Header) % 16 == 0);

Header* header_of(void const* body)
{
    return reinterpret_cast<Header*>(reinterpret_cast<uintptr_t>(body) - sizeof(Header));
}

[[noreturn]] void illegal_reference(Type* type, void* body, char const* words)
{
    ke::bug_check(REFERENCE_BY_POINTER, reinterpret_cast<uint64_t>(type ? type->guest : nullptr),
                  reinterpret_cast<uint64_t>(body), 0, 0, words);
}

uint32_t drop(void* body, bool defer)
{
    ObjectManager& m = manager();
    Record& record = m.require(body);
    uint32_t const before = record.pointers;
    if (before == 0)
        illegal_reference(record.type, body, "an object that is being deleted was dereferenced");
    if (before == 1 && record.handles)
        illegal_reference(record.type, body, "the last reference to an object that has open handles was dropped");
    if (before == 1 && record.directory && record.permanent)
        illegal_reference(record.type, body, "the reference that a permanent name holds was dropped");
    if (--record.pointers)
        return before;
    if (record.directory)
        m.unlink(record);
    record.deleting = true;
    if (m.wake && (defer || ke::Kernel::irql() > PASSIVE_LEVEL)) {
        m.deferred.push_back(&record);
        m.wake();
    } else
        m.remove(record);
    return before;
}

} // namespace

ObjectManager::ObjectManager(Windows windows)
{
    CHECK(!g_manager, "one machine is live per process at a time");
    g_manager = this;
    make_types();
    make_namespace(windows);
}

ObjectManager::~ObjectManager() { g_manager = nullptr; }

Record* ObjectManager::find(void const* body)
{
    if (reinterpret_cast<uintptr_t>(body) % alignof(Header))
        return nullptr;
    auto index = ke::read_guarded<uint64_t>(&header_of(body)->index);
    if (!index || *index >= m_records.size() || m_records[*index].body != body || !body)
        return nullptr;
    return &m_records[*index];
}

Record& ObjectManager::require(void* body)
{
    if (Record* record = find(body))
        return *record;
    uint64_t probe;
    ke::copy_or_raise(&probe, &header_of(body)->index, sizeof probe);
    illegal_reference(nullptr, body, "a pointer that is not an object's was referenced or dereferenced");
}

Record& ObjectManager::make(Type& type, void* body, uint32_t tag)
{
    size_t index;
    if (!m_free.empty()) {
        index = m_free.back();
        m_free.pop_back();
    } else {
        index = m_records.size();
        m_records.emplace_back();
    }
    Record& record = m_records[index];
    record = {};
    record.body = body;
    record.type = &type;
    record.index = index;
    record.number = ++m_born;
    record.tag = tag;
    record.pointers = 1;
    record.older = youngest;
    (youngest ? youngest->younger : oldest) = &record;
    youngest = &record;
    ++living;
    TypeCounts& counts = counts_of(type);
    counts.most_objects = std::max(counts.most_objects, ++counts.objects);
    *header_of(body) = { index, record.number };
    if (&type == &directory_type)
        record.children = std::make_unique<Directory>();
    return record;
}

void ObjectManager::remove(Record& record)
{
    if (record.type->deleted && !record.made_by_driver)
        record.type->deleted(record.body);
    if (record.made_by_driver)
        if (auto it = uninserted.find(record.number); it != uninserted.end()) {
            void* const root = it->second.root;
            uninserted.erase(it);
            if (root)
                dereference(root);
        }
    (record.older ? record.older->younger : oldest) = record.younger;
    (record.younger ? record.younger->older : youngest) = record.older;
    --living;
    --counts_of(*record.type).objects;
    if (record.security && g_security.release)
        g_security.release(record.security);
    void* const block = header_of(record.body);
    uint32_t const tag = record.tag;
    size_t const index = record.index;
    record = {};
    m_free.push_back(index);
    ex::free(block, tag);
}

Result<void*> create(Type& type, size_t body_bytes, uint32_t tag)
{
    void* block = ex::allocate(NonPagedPoolNx, sizeof(Header) + body_bytes, tag, ex::Owner::Kernel, true);
    if (!block)
        return Failure { STATUS_INSUFFICIENT_RESOURCES };
    return manager().make(type, static_cast<uint8_t*>(block) + sizeof(Header), tag).body;
}

void reference(void* body)
{
    Record& record = manager().require(body);
    if (record.deleting)
        illegal_reference(record.type, body, "an object that is being deleted was referenced");
    ++record.pointers;
}

uint32_t dereference(void* body) { return drop(body, false); }

uint32_t dereference_deferred(void* body) { return drop(body, true); }

void delete_deferred()
{
    ObjectManager& m = manager();
    while (!m.deferred.empty()) {
        Record& record = *m.deferred.front();
        m.deferred.pop_front();
        m.remove(record);
    }
}

void set_deferral(void (*wake)()) { manager().wake = wake; }

Type* type_of(void* body)
{
    Record* record = manager().find(body);
    return record ? record->type : nullptr;
}

uint32_t references(void* body) { return manager().require(body).pointers; }

uint32_t handles(void* body) { return manager().require(body).handles; }

uint32_t number_of(void* body)
{
    Record* record = manager().find(body);
    return record ? record->number : 0;
}

void for_each(void (*visit)(void* context, void* body, Type& type, uint32_t references, uint32_t handles,
                            std::u16string const& name),
              void* context)
{
    for (Record* record = manager().oldest; record; record = record->younger)
        visit(context, record->body, *record->type, record->pointers, record->handles, full_name(record->body));
}

size_t count() { return manager().living; }

} // namespace ringside::ob
