// SPDX-License-Identifier: MIT
// Hives from and to files: what is read or written stands in pool meanwhile, for the file's driver is called.
// @cite(msdocs): page=windows/win32/api/winreg/nf-winreg-regloadkeyw
// @cite(msdocs): page=windows/win32/api/winreg/nf-winreg-regsavekeyexw
#include "cm/ddi.h"

#include "cm/callbacks.h"
#include "cm/hive.h"
#include "cm/hive_files.h"
#include "cm/key_open.h"
#include "cm/objects.h"

namespace ringside::cm {

using namespace nt;

HiveFiles g_hive_files;

namespace {

constexpr ULONG kStandardFormat = 1, kLatestFormat = 2, kNoCompression = 4; // REG_STANDARD_FORMAT ...
constexpr ULONG kWholeHiveVolatile = 1, kRefreshHive = 2, kNoLazyFlush = 4, kForceRestore = 8;
constexpr ULONG kHiveMax = 0x4000'0000;

// A file's contents, read in pieces that grow.
NTSTATUS read_whole(HANDLE file, std::optional<PoolBytes>& into, size_t& length)
{
    length = 0;
    for (size_t room = 0x10000; room <= kHiveMax; room *= 2) {
        std::optional<PoolBytes> larger(std::in_place, room);
        if (!larger->ok())
            return STATUS_INSUFFICIENT_RESOURCES;
        if (length)
            std::memcpy(larger->data(), into->data(), length);
        into.emplace(0);
        NTSTATUS status = STATUS_SUCCESS;
        while (length < room && NT_SUCCESS(status)) {
            ULONG done = 0;
            status = g_hive_files.read(file, larger->data() + length, static_cast<ULONG>(room - length), length, &done);
            length += done;
            if (NT_SUCCESS(status) && !done)
                status = STATUS_END_OF_FILE;
        }
        into.emplace(length);
        if (!into->ok())
            return STATUS_INSUFFICIENT_RESOURCES;
        if (length)
            std::memcpy(into->data(), larger->data(), length);
        if (status == STATUS_END_OF_FILE)
            return STATUS_SUCCESS;
        if (!NT_SUCCESS(status))
            return status;
    }
    return STATUS_INSUFFICIENT_RESOURCES;
}

NTSTATUS attach(std::u16string_view path, std::span<uint8_t const> bytes)
{
    std::string error;
    auto keys = read_hive(bytes, error);
    if (keys.empty())
        return bytes.size() < 4 || std::memcmp(bytes.data(), "regf", 4) ? STATUS_NOT_REGISTRY_FILE
                                                                        : STATUS_REGISTRY_CORRUPT;
    auto const refused = attach_hive(registry(), path, keys);
    if (!refused)
        return STATUS_SUCCESS;
    return *refused == kNoPool ? STATUS_INSUFFICIENT_RESOURCES : STATUS_INVALID_PARAMETER;
}

// Whether a handle is open to the key or below it, besides those that `except` names.
bool is_in_use(Key const& root, void const* except)
{
    for (auto const& [number, object] : g_key_objects->all())
        for (Key const* at = object.key; at && object.body != except; at = at->parent)
            if (at == &root)
                return true;
    return false;
}

NTSTATUS save(HANDLE handle, HANDLE file, ULONG format)
{
    if (format != kStandardFormat && format != kLatestFormat && format != kNoCompression)
        return STATUS_INVALID_PARAMETER;
    KeyOfHandle const key(handle, 0);
    if (key.status())
        return key.status();
    REG_SAVE_KEY_INFORMATION info { key.body(), file, format };
    return notified(kSaveKey, key.body(), info, [&] {
        if (NTSTATUS status = key.live())
            return status;
        std::optional<PoolBytes> bytes;
        {
            auto const made = write_hive(key.key());
            bytes.emplace(made.size());
            if (!bytes->ok())
                return STATUS_INSUFFICIENT_RESOURCES;
            std::memcpy(bytes->data(), made.data(), made.size());
        }
        return g_hive_files.write(file, bytes->data(), static_cast<ULONG>(bytes->size()), 0);
    });
}

// Where a hive is to be loaded: a new name directly below MACHINE or USER.
NTSTATUS check_place(KeyPath const& path, std::u16string& full)
{
    Key const& from = *g_key_objects->key_of(path.root());
    full = from.path();
    if (!path.below().empty() && !path.below().starts_with(u'\\'))
        full += u'\\';
    full += path.below();
    size_t const last = full.rfind(u'\\');
    Key const* const parent = registry().find(std::u16string_view(full).substr(0, last));
    std::u16string_view const name = std::u16string_view(full).substr(last + 1);
    if (!parent)
        return STATUS_OBJECT_NAME_NOT_FOUND;
    if (!parent->parent || parent->parent->parent || name.empty() || name.size() > kKeyNameMax)
        return STATUS_INVALID_PARAMETER;
    return parent->subkey(name) ? STATUS_OBJECT_NAME_COLLISION : STATUS_SUCCESS;
}

NTSTATUS load(KeyPath const& path, OBJECT_ATTRIBUTES* source)
{
    {
        std::u16string full;
        if (NTSTATUS status = check_place(path, full))
            return status;
    }
    HANDLE file = nullptr;
    if (NTSTATUS status = g_hive_files.open(source, &file); !NT_SUCCESS(status))
        return status;
    std::optional<PoolBytes> bytes;
    size_t length = 0;
    NTSTATUS status = read_whole(file, bytes, length);
    static_cast<void>(ob::close_handle(ob::current_process(), file, KernelMode));
    if (!NT_SUCCESS(status))
        return status;
    // The name may have been taken while the file was read.
    HoldNotifies const hold;
    std::u16string full;
    status = check_place(path, full);
    if (!status)
        status = attach(full, bytes->span());
    if (Key* const root = status ? nullptr : registry().find(full, Links::OpenLast))
        root->is_hive_root = root->is_loaded = true;
    return status;
}

} // namespace

NTSTATUS ZwSaveKey(HANDLE handle, HANDLE file) { return save(handle, file, kStandardFormat); }

NTSTATUS ZwSaveKeyEx(HANDLE handle, HANDLE file, ULONG format) { return save(handle, file, format); }

NTSTATUS ZwRestoreKey(HANDLE handle, HANDLE file, ULONG flags)
{
    if (flags & ~(kWholeHiveVolatile | kRefreshHive | kNoLazyFlush | kForceRestore))
        return STATUS_INVALID_PARAMETER;
    if (flags & ~kForceRestore)
        return STATUS_NOT_SUPPORTED;
    KeyOfHandle const key(handle, 0);
    if (key.status())
        return key.status();
    REG_RESTORE_KEY_INFORMATION info { key.body(), file, flags };
    return notified(kRestoreKey, key.body(), info, [&] {
        if (NTSTATUS status = key.live())
            return status;
        std::optional<PoolBytes> bytes;
        size_t length = 0;
        if (NTSTATUS status = read_whole(file, bytes, length); !NT_SUCCESS(status))
            return status;
        if (NTSTATUS status = key.live())
            return status;
        for (Key const& subkey : key.key().subkeys)
            if (!(flags & kForceRestore) && is_in_use(subkey, nullptr))
                return STATUS_ACCESS_DENIED;
        HoldNotifies const hold;
        std::u16string const path = key.key().path();
        return attach(path, bytes->span());
    });
}

NTSTATUS ZwLoadKeyEx(OBJECT_ATTRIBUTES* target, OBJECT_ATTRIBUTES* source, ULONG flags, HANDLE trust_class,
                     HANDLE event, ACCESS_MASK desired, HANDLE* root_handle, IO_STATUS_BLOCK*)
{
    if (flags & ~kNoLazyFlush || trust_class || event || desired || root_handle)
        return STATUS_NOT_SUPPORTED;
    KeyPath const path(target);
    if (path.status())
        return path.status();
    OBJECT_ATTRIBUTES const from = ob::get(source);
    REG_LOAD_KEY_INFORMATION info {
        .Object = path.root(), .KeyName = path.given().ObjectName, .SourceFile = from.ObjectName, .Flags = flags
    };
    return notified(kLoadKey, path.root(), info, [&] { return load(path, source); });
}

NTSTATUS ZwLoadKey(OBJECT_ATTRIBUTES* target, OBJECT_ATTRIBUTES* source)
{
    return ZwLoadKeyEx(target, source, 0, nullptr, nullptr, 0, nullptr, nullptr);
}

NTSTATUS ZwUnloadKeyEx(OBJECT_ATTRIBUTES* target, HANDLE event)
{
    if (event)
        return STATUS_NOT_SUPPORTED;
    KeyPath const path(target);
    if (path.status())
        return path.status();
    auto walked = registry().walk(*g_key_objects->key_of(path.root()), path.below(), Missing::Fail);
    if (!walked.ok())
        return walked.status();
    KeyRef const key(*walked->key);
    auto object = g_key_objects->make(*key);
    if (!object.ok())
        return object.status();
    ob::Held const held(*object);
    REG_UNLOAD_KEY_INFORMATION info { .Object = held.body() };
    return notified(kUnloadKey, held.body(), info, [&] {
        if (key->deleted)
            return STATUS_KEY_DELETED;
        if (!key->is_hive_root)
            return STATUS_INVALID_PARAMETER;
        // The hives of a boot are in use by the system itself.
        if (!key->is_loaded || is_in_use(*key, held.body()))
            return STATUS_CANNOT_DELETE;
        registry().unload(*key);
        return STATUS_SUCCESS;
    });
}

NTSTATUS ZwUnloadKey(OBJECT_ATTRIBUTES* target) { return ZwUnloadKeyEx(target, nullptr); }

} // namespace ringside::cm
