// SPDX-License-Identifier: MIT
// A machine with a drive C: over a folder of the host that goes with the test. Services are called by name, on a system
// thread, as a driver calls them.
#pragma once

#include "boot.h"
#include "io/cancel.h"
#include "ke/exception.h"
#include "nt/directory_information.h"
#include "nt/fsrtl.h"
#include "ob/handle.h"
#include "rtl/multi_byte.h"

#include <gtest/gtest.h>

#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

namespace ringside::test {

using namespace nt;

inline UNICODE_STRING counted_string(std::u16string const& text)
{
    return { static_cast<USHORT>(text.size() * 2), static_cast<USHORT>(text.size() * 2),
             const_cast<char16_t*>(text.data()) };
}

class HostFolder {
public:
    HostFolder()
    {
        std::string name = (std::filesystem::temp_directory_path() / "ringside-files-XXXXXX").string();
        m_path = mkdtemp(name.data());
    }
    ~HostFolder()
    {
        for (auto const& entry : std::filesystem::recursive_directory_iterator(m_path))
            if (entry.is_directory() && !entry.is_symlink())
                std::filesystem::permissions(entry.path(), std::filesystem::perms::owner_all);
        std::filesystem::remove_all(m_path);
    }
    std::string path(std::string const& below = "") const { return below.empty() ? m_path : m_path + "/" + below; }
    void folder(std::string const& name) const { std::filesystem::create_directories(path(name)); }
    void file(std::string const& name, std::string const& text) const
    {
        std::ofstream(path(name), std::ios::binary) << text;
    }
    std::string text(std::string const& name) const
    {
        std::ifstream in(path(name), std::ios::binary);
        return { std::istreambuf_iterator<char>(in), {} };
    }
    bool has(std::string const& name) const
    {
        return std::filesystem::exists(std::filesystem::symlink_status(path(name)));
    }

private:
    std::string m_path;
};

struct Opening {
    std::u16string path;
    ACCESS_MASK access = GENERIC_READ | SYNCHRONIZE;
    ULONG disposition = FILE_OPEN;
    ULONG options = FILE_SYNCHRONOUS_IO_NONALERT;
    ULONG share = FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE;
    ULONG attributes = FILE_ATTRIBUTE_NORMAL;
    HANDLE root = nullptr;
};

class FilesTest : public ::testing::Test {
protected:
    // Call before anything else.
    void start(bool write_through = false, BootOptions const& options = {})
    {
        boot = std::make_unique<BootedKernel>(options);
        std::string error;
        auto opened = sim::HostFolder::open(host.path(), write_through, error);
        ASSERT_TRUE(opened) << error;
        auto shared = std::make_shared<std::unique_ptr<sim::HostFolder>>(std::move(opened));
        on_thread([this, shared] { ASSERT_TRUE(boot->rooms.files.mount(std::move(*shared)).ok()); });
    }
    void on_thread(std::function<void()> body) { ASSERT_TRUE(boot->run_on_thread(std::move(body))); }

    // --- On the machine's thread ---

    template <typename... A>
    NTSTATUS call(char const* service, A... arguments)
    {
        uint64_t slots[] = { contract::to_slot(arguments)..., 0 };
        Ddi const* row = boot->rooms.exports.row(service);
        EXPECT_TRUE(row) << service;
        if (!row)
            return STATUS_NOT_IMPLEMENTED;
        NTSTATUS status = 0;
        NTSTATUS const raised = ke::guard_raise([&] { status = static_cast<NTSTATUS>(row->body.invoke(slots)); });
        return raised ? raised : status;
    }
    NTSTATUS open(Opening const& how, HANDLE& handle, ULONG_PTR* information = nullptr)
    {
        UNICODE_STRING name = counted_string(how.path);
        OBJECT_ATTRIBUTES attributes { sizeof attributes, how.root, &name, OBJ_CASE_INSENSITIVE | OBJ_KERNEL_HANDLE,
                                       nullptr,           nullptr };
        IO_STATUS_BLOCK block {};
        handle = nullptr;
        NTSTATUS const status
            = call("ZwCreateFile", &handle, how.access, &attributes, &block, static_cast<LARGE_INTEGER*>(nullptr),
                   how.attributes, how.share, how.disposition, how.options, static_cast<void*>(nullptr), 0u);
        if (information)
            *information = block.Information;
        return status;
    }
    // Opens and closes.
    NTSTATUS try_open(Opening const& how, ULONG_PTR* information = nullptr)
    {
        HANDLE handle;
        NTSTATUS const status = open(how, handle, information);
        if (NT_SUCCESS(status))
            close(handle);
        return status;
    }
    HANDLE must_open(Opening const& how)
    {
        HANDLE handle;
        EXPECT_EQ(hex(open(how, handle)), "0x00000000") << rtl::utf8(how.path);
        return handle;
    }
    void close(HANDLE handle) { EXPECT_EQ(call("ZwClose", handle), STATUS_SUCCESS); }

    NTSTATUS write(HANDLE handle, std::string_view text, int64_t const* offset = nullptr, ULONG_PTR* done = nullptr)
    {
        IO_STATUS_BLOCK block {};
        LARGE_INTEGER at {};
        if (offset)
            at.QuadPart = *offset;
        NTSTATUS const status
            = call("ZwWriteFile", handle, HANDLE {}, PIO_APC_ROUTINE {}, static_cast<void*>(nullptr), &block,
                   text.data(), static_cast<ULONG>(text.size()), offset ? &at : nullptr, static_cast<ULONG*>(nullptr));
        if (done)
            *done = block.Information;
        return status;
    }
    NTSTATUS read(HANDLE handle, std::string& text, size_t bytes, int64_t const* offset = nullptr)
    {
        IO_STATUS_BLOCK block {};
        LARGE_INTEGER at {};
        if (offset)
            at.QuadPart = *offset;
        text.assign(bytes, '\xCC');
        NTSTATUS const status
            = call("ZwReadFile", handle, HANDLE {}, PIO_APC_ROUTINE {}, static_cast<void*>(nullptr), &block,
                   text.data(), static_cast<ULONG>(bytes), offset ? &at : nullptr, static_cast<ULONG*>(nullptr));
        text.resize(NT_SUCCESS(status) ? block.Information : 0);
        return status;
    }
    std::string read_all(std::u16string const& path)
    {
        HANDLE handle;
        NTSTATUS const status = open({ .path = path }, handle);
        if (!NT_SUCCESS(status))
            return hex(status);
        std::string text;
        NTSTATUS const done = read(handle, text, 1 << 16);
        close(handle);
        return done == STATUS_END_OF_FILE ? "" : NT_SUCCESS(done) ? text : hex(done);
    }
    template <typename T>
    NTSTATUS query(HANDLE handle, FILE_INFORMATION_CLASS information, T& into)
    {
        IO_STATUS_BLOCK block {};
        return call("ZwQueryInformationFile", handle, &block, &into, static_cast<ULONG>(sizeof into), information);
    }
    template <typename T>
    NTSTATUS set(HANDLE handle, FILE_INFORMATION_CLASS information, T const& value)
    {
        IO_STATUS_BLOCK block {};
        return call("ZwSetInformationFile", handle, &block, &value, static_cast<ULONG>(sizeof value), information);
    }
    NTSTATUS rename(HANDLE handle, std::u16string const& to, ULONG flags = 0, HANDLE root = nullptr)
    {
        std::vector<uint8_t> bytes(sizeof(FILE_RENAME_INFORMATION) + to.size() * 2);
        auto* information = reinterpret_cast<FILE_RENAME_INFORMATION*>(bytes.data());
        information->Flags = flags;
        information->RootDirectory = root;
        information->FileNameLength = static_cast<ULONG>(to.size() * 2);
        std::memcpy(information->FileName, to.data(), to.size() * 2);
        IO_STATUS_BLOCK block {};
        return call("ZwSetInformationFile", handle, &block, bytes.data(), static_cast<ULONG>(bytes.size()),
                    FileRenameInformationEx);
    }
    // "name name ..." of a folder, all calls of an enumeration together.
    std::string list(HANDLE handle, std::u16string const& expression = u"", bool single = false, ULONG room = 4096)
    {
        std::string all;
        std::vector<uint8_t> buffer(room);
        UNICODE_STRING name = counted_string(expression);
        for (bool restart = true;; restart = false) {
            IO_STATUS_BLOCK block {};
            NTSTATUS const status
                = call("ZwQueryDirectoryFile", handle, HANDLE {}, PIO_APC_ROUTINE {}, static_cast<void*>(nullptr),
                       &block, buffer.data(), room, FileNamesInformation, static_cast<BOOLEAN>(single),
                       expression.empty() ? nullptr : &name, static_cast<BOOLEAN>(restart));
            if (status != STATUS_SUCCESS || !block.Information)
                return all + hex(status);
            for (size_t at = 0;;) {
                auto const* entry = reinterpret_cast<FILE_NAMES_INFORMATION const*>(buffer.data() + at);
                all += rtl::utf8({ entry->FileName, entry->FileNameLength / 2 }) + " ";
                if (!entry->NextEntryOffset)
                    break;
                at += entry->NextEntryOffset;
            }
            if (single)
                all += "| ";
        }
    }
    static std::string hex(NTSTATUS status)
    {
        char text[16];
        std::snprintf(text, sizeof text, "0x%08X", static_cast<unsigned>(status));
        return text;
    }

    HostFolder host;
    std::unique_ptr<BootedKernel> boot;
};

} // namespace ringside::test
