// SPDX-License-Identifier: MIT
// Keys by handle, for tests: opened and created as a driver does it, closed at the end of the scope.
#pragma once

#include "boot.h"
#include "cm/ddi.h"
#include "ob/ddi.h"

#include <functional>
#include <string>

namespace ringside::test {

inline nt::UNICODE_STRING counted(char16_t const* characters)
{
    auto const bytes = static_cast<nt::USHORT>(std::char_traits<char16_t>::length(characters) * 2);
    return { bytes, static_cast<nt::USHORT>(bytes + 2), const_cast<nt::PWSTR>(characters) };
}

struct KeyHandle {
    nt::HANDLE handle = nullptr;
    nt::NTSTATUS status = 0;
    nt::ULONG disposition = 0;

    KeyHandle() = default;
    explicit KeyHandle(char16_t const* path, nt::HANDLE root = nullptr) { open(path, root); }
    ~KeyHandle() { close(); }
    KeyHandle(KeyHandle const&) = delete;
    KeyHandle& operator=(KeyHandle const&) = delete;

    nt::NTSTATUS open(char16_t const* path, nt::HANDLE root = nullptr, nt::ULONG options = 0, nt::ULONG flags = 0)
    {
        close();
        nt::UNICODE_STRING name = counted(path);
        nt::OBJECT_ATTRIBUTES given { .Length = sizeof given,
                                      .RootDirectory = root,
                                      .ObjectName = &name,
                                      .Attributes = nt::OBJ_KERNEL_HANDLE | nt::OBJ_CASE_INSENSITIVE | flags };
        return status = cm::ZwOpenKeyEx(&handle, nt::KEY_ALL_ACCESS, &given, options);
    }
    nt::NTSTATUS create(char16_t const* path, nt::HANDLE root = nullptr, nt::ULONG options = 0,
                        char16_t const* class_text = nullptr)
    {
        close();
        nt::UNICODE_STRING name = counted(path);
        nt::UNICODE_STRING class_name = counted(class_text ? class_text : u"");
        nt::OBJECT_ATTRIBUTES given { .Length = sizeof given,
                                      .RootDirectory = root,
                                      .ObjectName = &name,
                                      .Attributes = nt::OBJ_KERNEL_HANDLE | nt::OBJ_CASE_INSENSITIVE };
        return status = cm::ZwCreateKey(&handle, nt::KEY_ALL_ACCESS, &given, 0, class_text ? &class_name : nullptr,
                                        options, &disposition);
    }
    nt::NTSTATUS set(char16_t const* name, nt::ULONG type, void const* data, nt::ULONG size) const
    {
        nt::UNICODE_STRING string = counted(name);
        return cm::ZwSetValueKey(handle, &string, 0, type, const_cast<void*>(data), size);
    }
    nt::NTSTATUS set(char16_t const* name, uint32_t number) const { return set(name, nt::REG_DWORD, &number, 4); }
    nt::NTSTATUS remove(char16_t const* name) const
    {
        nt::UNICODE_STRING string = counted(name);
        return cm::ZwDeleteValueKey(handle, &string);
    }
    // The first four bytes of a value, or the status.
    int64_t number(char16_t const* name) const
    {
        nt::UNICODE_STRING string = counted(name);
        alignas(8) uint8_t room[64];
        nt::ULONG length = 0;
        auto const status
            = cm::ZwQueryValueKey(handle, &string, nt::KeyValuePartialInformation, room, sizeof room, &length);
        auto const* partial = reinterpret_cast<nt::KEY_VALUE_PARTIAL_INFORMATION const*>(room);
        bool const has_data = !status || status == nt::STATUS_BUFFER_OVERFLOW;
        return !has_data ? int64_t { status } : int64_t { *reinterpret_cast<uint32_t const*>(partial->Data) };
    }
    nt::NTSTATUS remove_key() const { return cm::ZwDeleteKey(handle); }
    nt::PVOID body() const // referenced by the handle only
    {
        nt::PVOID found = nullptr;
        ob::ObReferenceObjectByHandle(handle, 0, ob::key_type.guest, nt::KernelMode, &found, nullptr);
        ob::ObfDereferenceObject(found);
        return found;
    }
    void close()
    {
        if (handle)
            ob::ZwClose(handle);
        handle = nullptr;
    }
};

// Another system thread of the machine runs `body`, which must outlive it. On a thread of the machine.
inline void start_beside(BootedKernel& boot, std::function<void()>& body)
{
    auto started = boot.rooms.processes.create_system_thread(
        [](ke::Thread&, void* function) { (*static_cast<std::function<void()>*>(function))(); }, &body);
    ASSERT_TRUE(started.ok());
}

} // namespace ringside::test
