// SPDX-License-Identifier: MIT
// Arguments that a driver (or, through an Nt* service, a client) named: read and written through the accessors that
// turn a fault into the driver's. Rooms above use these too.
#pragma once

#include "base/result.h"
#include "ke/exception.h"
#include "ob/handle.h"

#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace ringside::ob {

template <typename T>
inline T get(T const* from)
{
    static_assert(std::is_trivially_copyable_v<T>);
    T value;
    ke::copy_or_raise(&value, from, sizeof value);
    return value;
}

template <typename T>
inline void put(T* to, std::type_identity_t<T> const& value)
{
    static_assert(std::is_trivially_copyable_v<T>);
    ke::copy_or_raise(to, &value, sizeof value);
}

// A reference for the length of a scope, dropped by structured exceptions too.
class Held {
public:
    explicit Held(void* body)
        : m_body(body)
    {
    }
    ~Held()
    {
        if (m_body)
            dereference(m_body);
    }
    Held(Held const&) = delete;
    Held& operator=(Held const&) = delete;
    void* body() const { return m_body; }
    // Of an empty one.
    void reset(void* body) { m_body = body; }
    // The reference is somebody else's now.
    void* release() { return std::exchange(m_body, nullptr); }

private:
    void* m_body;
};

// STATUS_OBJECT_NAME_INVALID for an odd length.
Result<std::u16string> read_string(nt::UNICODE_STRING const* string);
std::u16string read_zero_terminated(char16_t const* string);

// An OBJECT_ATTRIBUTES, copied once.
struct Attributes {
    std::u16string path;
    void* root = nullptr; // body behind RootDirectory; not referenced: it lives at least until the next schedule point
    Type* root_type = nullptr;
    uint32_t flags = 0;   // OBJ_*
    bool named = false;   // there was an ObjectName; an empty one without a root is bad syntax
    nt::KPROCESSOR_MODE mode = nt::KernelMode; // of the caller: UserMode is checked
    std::vector<uint8_t> security; // a self-relative descriptor; empty: none was given

    Name name() const { return { root, path, (flags & nt::OBJ_CASE_INSENSITIVE) != 0 }; }
    bool kernel_handle() const { return flags & nt::OBJ_KERNEL_HANDLE; }
    nt::ULONG handle_flags() const { return flags & (nt::OBJ_KERNEL_HANDLE | nt::OBJ_INHERIT | nt::OBJ_EXCLUSIVE); }
    bool permanent() const { return flags & nt::OBJ_PERMANENT; }
    bool checked() const { return mode != nt::KernelMode || (flags & nt::OBJ_FORCE_ACCESS_CHECK); }
};
// STATUS_INVALID_PARAMETER, STATUS_INVALID_HANDLE, STATUS_OBJECT_NAME_INVALID. Null attributes are an unnamed object's.
Result<Attributes> read_attributes(nt::OBJECT_ATTRIBUTES const* attributes, nt::KPROCESSOR_MODE mode);

// Opens the named object of this type and adds a handle to it. Without a name: STATUS_OBJECT_PATH_SYNTAX_BAD.
Result<nt::HANDLE> open_named(Type& type, Attributes const& attributes, nt::ACCESS_MASK desired);

// Creates an object, names it as the attributes say, and adds a handle. With OBJ_OPENIF an existing object of that name
// and type is opened instead.
struct Created {
    nt::HANDLE handle;
    void* body; // held by the handle
    bool existed;
};
Result<Created> create_named(Type& type, size_t body_bytes, uint32_t tag, Attributes const& attributes,
                             nt::ACCESS_MASK desired, void (*initialize)(void* body, void* context), void* context);

} // namespace ringside::ob
