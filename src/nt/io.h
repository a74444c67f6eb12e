// SPDX-License-Identifier: MIT
// All that the I/O manager and its neighbours share with drivers.
#pragma once

#include "nt/driver.h"
#include "nt/file.h"
#include "nt/file_information.h"
#include "nt/io_newer.h"
#include "nt/io_stack_location.h"
#include "nt/io_status.h"
#include "nt/io_sync.h"
#include "nt/irp.h"
#include "nt/resource.h"
