// SPDX-License-Identifier: MIT
// Files of the host below one folder, and nothing outside it: a path is followed component by component from the
// folder's own descriptor, no component is a link, ".." or "/". What the host knows about time, owners and order does
// not come through: folders are listed by name, bytewise.
//
// Paths are relative, with '/' between components; "" is the folder itself. A folder opened for reading refuses every
// change with HostError::Denied.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace ringside::sim {

enum class HostError : uint8_t {
    None,
    NotFound,   // no such name, or a component on the way is no folder
    Exists,
    NotEmpty,
    Denied,     // the host's permissions, or the folder was opened for reading
    NoRoom,     // disk full, quota, file too large
    NotPlain,   // a link, pipe, device, socket: neither a file nor a folder
    TooLong,    // the host's limit of a name
    Failed,     // anything else
};

struct HostEntry {
    enum class Kind : uint8_t { File, Folder, Other } kind = Kind::Other;
    std::string name;
    uint64_t bytes = 0;
    bool writable = true; // its owner may write it
};

// An open file. Reads and writes are complete, or fail.
class HostFile {
public:
    explicit HostFile(int descriptor)
        : m_descriptor(descriptor)
    {
    }
    ~HostFile();
    HostFile(HostFile const&) = delete;
    HostFile& operator=(HostFile const&) = delete;

    // Bytes beyond the file's end read as zero.
    HostError read(uint64_t at, std::span<std::byte> into) const;
    HostError write(uint64_t at, std::span<std::byte const> bytes);
    HostError resize(uint64_t bytes);
    HostError flush();

private:
    int m_descriptor;
};

class HostFolder {
public:
    // Null with words in `error`. The folder's own path may lead through links: its owner chose it.
    static std::unique_ptr<HostFolder> open(std::string const& path, bool writable, std::string& error);
    ~HostFolder();
    HostFolder(HostFolder const&) = delete;
    HostFolder& operator=(HostFolder const&) = delete;

    bool writable() const { return m_writable; }
    HostError list(std::string const& path, std::vector<HostEntry>& into) const;
    // Null with the reason in `error`.
    std::unique_ptr<HostFile> open_file(std::string const& path, HostError& error) const;

    // Changes. Nothing that exists is replaced but by `rename`, which replaces a file.
    HostError create_file(std::string const& path);
    HostError create_folder(std::string const& path);
    HostError remove_file(std::string const& path);
    HostError remove_folder(std::string const& path);
    HostError rename(std::string const& from, std::string const& to);
    HostError set_writable(std::string const& path, bool writable);

private:
    HostFolder(int descriptor, bool writable)
        : m_descriptor(descriptor)
        , m_writable(writable)
    {
    }

    int m_descriptor;
    bool m_writable;
};

} // namespace ringside::sim
