// SPDX-License-Identifier: MIT
#include "sim/host_files.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace ringside::sim {

namespace {

HostError error_of(int number)
{
    switch (number) {
    case ENOENT:
    case ENOTDIR:
        return HostError::NotFound;
    case EEXIST:
        return HostError::Exists;
    case ENOTEMPTY:
        return HostError::NotEmpty;
    case EACCES:
    case EPERM:
    case EROFS:
        return HostError::Denied;
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
        return HostError::NoRoom;
    case ELOOP:
    case ENXIO:
        return HostError::NotPlain;
    case ENAMETOOLONG:
        return HostError::TooLong;
    default:
        return HostError::Failed;
    }
}

HostError last_error() { return error_of(errno); }

// Closed at the end of a scope.
struct Descriptor {
    int value = -1;
    ~Descriptor()
    {
        if (value >= 0)
            close(value);
    }
};

bool is_component(std::string const& name)
{
    return !name.empty() && name != "." && name != ".." && name.find('\0') == name.npos;
}

// The folder that holds the path's last component, and that component. With no component at all `leaf` is ".".
struct Place {
    Descriptor folder;
    std::string leaf;
    HostError error = HostError::None;
};

void walk(int root, std::string const& path, Place& place)
{
    place.folder.value = fcntl(root, F_DUPFD_CLOEXEC, 0);
    place.leaf = ".";
    for (size_t at = 0; !path.empty() && at <= path.size();) {
        size_t const end = std::min(path.find('/', at), path.size());
        std::string const name = path.substr(at, end - at);
        if (!is_component(name)) {
            place.error = HostError::NotFound;
            return;
        }
        if (place.leaf != ".") {
            // O_NOFOLLOW: a link is not a way out of the folder.
            int const next
                = openat(place.folder.value, place.leaf.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
            if (next < 0) {
                place.error = last_error();
                return;
            }
            close(place.folder.value);
            place.folder.value = next;
        }
        place.leaf = name;
        at = end + 1;
    }
    if (place.folder.value < 0)
        place.error = HostError::Failed;
}

HostEntry entry_of(int folder, char const* name)
{
    HostEntry entry;
    entry.name = name;
    struct stat status {};
    if (fstatat(folder, name, &status, AT_SYMLINK_NOFOLLOW) != 0)
        return entry;
    entry.kind = S_ISREG(status.st_mode) ? HostEntry::Kind::File
        : S_ISDIR(status.st_mode)        ? HostEntry::Kind::Folder
                                         : HostEntry::Kind::Other;
    entry.bytes = S_ISREG(status.st_mode) ? static_cast<uint64_t>(status.st_size) : 0;
    entry.writable = status.st_mode & S_IWUSR;
    return entry;
}

} // namespace

HostFile::~HostFile() { close(m_descriptor); }

HostError HostFile::read(uint64_t at, std::span<std::byte> into) const
{
    size_t done = 0;
    while (done < into.size()) {
        ssize_t const got = pread(m_descriptor, into.data() + done, into.size() - done, static_cast<off_t>(at + done));
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return last_error();
        if (got == 0)
            break;
        done += static_cast<size_t>(got);
    }
    std::fill(into.begin() + static_cast<std::ptrdiff_t>(done), into.end(), std::byte { 0 });
    return HostError::None;
}

HostError HostFile::write(uint64_t at, std::span<std::byte const> bytes)
{
    for (size_t done = 0; done < bytes.size();) {
        ssize_t const put
            = pwrite(m_descriptor, bytes.data() + done, bytes.size() - done, static_cast<off_t>(at + done));
        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0)
            return last_error();
        if (put == 0)
            return HostError::Failed;
        done += static_cast<size_t>(put);
    }
    return HostError::None;
}

HostError HostFile::resize(uint64_t bytes)
{
    return ftruncate(m_descriptor, static_cast<off_t>(bytes)) == 0 ? HostError::None : last_error();
}

HostError HostFile::flush() { return fdatasync(m_descriptor) == 0 ? HostError::None : last_error(); }

std::unique_ptr<HostFolder> HostFolder::open(std::string const& path, bool writable, std::string& error)
{
    int const descriptor = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (descriptor < 0) {
        error = errno == ENOTDIR ? "it is not a folder" : std::strerror(errno);
        return nullptr;
    }
    return std::unique_ptr<HostFolder>(new HostFolder(descriptor, writable));
}

HostFolder::~HostFolder() { close(m_descriptor); }

HostError HostFolder::list(std::string const& path, std::vector<HostEntry>& into) const
{
    into.clear();
    Place place;
    walk(m_descriptor, path, place);
    if (place.error != HostError::None)
        return place.error;
    int const folder = openat(place.folder.value, place.leaf.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (folder < 0)
        return last_error();
    DIR* stream = fdopendir(folder);
    if (!stream) {
        close(folder);
        return HostError::Failed;
    }
    while (dirent const* item = readdir(stream))
        if (is_component(item->d_name))
            into.push_back(entry_of(folder, item->d_name));
    closedir(stream);
    std::sort(into.begin(), into.end(), [](HostEntry const& a, HostEntry const& b) { return a.name < b.name; });
    return HostError::None;
}

std::unique_ptr<HostFile> HostFolder::open_file(std::string const& path, HostError& error) const
{
    Place place;
    walk(m_descriptor, path, place);
    error = place.error;
    if (error != HostError::None)
        return nullptr;
    // O_NONBLOCK: opening a pipe must not wait for its other end.
    int const flags = (m_writable ? O_RDWR : O_RDONLY) | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
    int descriptor = openat(place.folder.value, place.leaf.c_str(), flags);
    if (descriptor < 0 && m_writable && errno == EACCES)
        descriptor = openat(place.folder.value, place.leaf.c_str(), (flags & ~O_RDWR) | O_RDONLY);
    if (descriptor < 0) {
        error = last_error();
        return nullptr;
    }
    struct stat status {};
    if (fstat(descriptor, &status) != 0 || !S_ISREG(status.st_mode)) {
        close(descriptor);
        error = HostError::NotPlain;
        return nullptr;
    }
    return std::make_unique<HostFile>(descriptor);
}

namespace {

template <typename Change>
HostError change(bool writable, int root, std::string const& path, Change make)
{
    if (!writable)
        return HostError::Denied;
    Place place;
    walk(root, path, place);
    if (place.error == HostError::None && place.leaf == ".")
        return HostError::Denied; // the folder itself stays as it is
    if (place.error == HostError::None && make(place.folder.value, place.leaf.c_str()) != 0)
        return last_error();
    return place.error;
}

} // namespace

HostError HostFolder::create_file(std::string const& path)
{
    return change(m_writable, m_descriptor, path, [](int folder, char const* leaf) {
        int const made = openat(folder, leaf, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
        if (made < 0)
            return -1;
        close(made);
        return 0;
    });
}

HostError HostFolder::create_folder(std::string const& path)
{
    return change(m_writable, m_descriptor, path,
                  [](int folder, char const* leaf) { return mkdirat(folder, leaf, 0777); });
}

HostError HostFolder::remove_file(std::string const& path)
{
    return change(m_writable, m_descriptor, path,
                  [](int folder, char const* leaf) { return unlinkat(folder, leaf, 0); });
}

HostError HostFolder::remove_folder(std::string const& path)
{
    return change(m_writable, m_descriptor, path,
                  [](int folder, char const* leaf) { return unlinkat(folder, leaf, AT_REMOVEDIR); });
}

HostError HostFolder::rename(std::string const& from, std::string const& to)
{
    return change(m_writable, m_descriptor, from, [&](int folder, char const* leaf) {
        Place target;
        walk(m_descriptor, to, target);
        if (target.error != HostError::None || target.leaf == ".") {
            errno = ENOENT;
            return -1;
        }
        return renameat(folder, leaf, target.folder.value, target.leaf.c_str());
    });
}

HostError HostFolder::set_writable(std::string const& path, bool writable)
{
    return change(m_writable, m_descriptor, path, [&](int folder, char const* leaf) {
        // Not through a link: the file is opened for its permissions first.
        Descriptor file;
        file.value = openat(folder, leaf, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
        struct stat status {};
        if (file.value < 0 || fstat(file.value, &status) != 0)
            return -1;
        mode_t const write = S_IWUSR | S_IWGRP | S_IWOTH;
        return fchmod(file.value, writable ? status.st_mode | S_IWUSR : status.st_mode & ~write);
    });
}

} // namespace ringside::sim
