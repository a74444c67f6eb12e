# SPDX-License-Identifier: MIT
#
# ringside_add_driver: builds a Windows x64 kernel driver (.sys) as part of a CMake project, this one or a user's own:
#
#   list(APPEND CMAKE_MODULE_PATH <ringside>/sdk/cmake)
#   include(ringside_driver)
#   ringside_add_driver(toaster SOURCES toaster.c power.c)
#
# A driver is not built with the project's compiler flags: presets and sanitizers are about the host, and the tests
# shall see the binary that ships. Each source is one custom command around ringside-cc, which holds the flags.

include_guard(GLOBAL)

cmake_path(GET CMAKE_CURRENT_LIST_DIR PARENT_PATH sdk)
set(RINGSIDE_SDK_DIR ${sdk} CACHE INTERNAL "The Ringside driver kit")
set(RINGSIDE_KIT_DIR ${CMAKE_BINARY_DIR}/ringside-kit CACHE INTERNAL "Generated parts of the driver kit")
set(RINGSIDE_DRIVER_DIR ${CMAKE_BINARY_DIR}/drivers CACHE INTERNAL "Where drivers land")

# Import libraries, static parts and the header overlay: made once per build tree, by the first driver that needs them.
function(_ringside_kit)
  if(TARGET ringside_kit)
    return()
  endif()
  foreach(tool python3 clang-19 lld-link-19 llvm-dlltool-19 llvm-lib-19)
    find_program(RINGSIDE_TOOL_${tool} ${tool})
    mark_as_advanced(RINGSIDE_TOOL_${tool})
    if(NOT RINGSIDE_TOOL_${tool})
      message(FATAL_ERROR "ringside_add_driver needs ${tool}: install python3, clang-19, lld-19 and llvm-19")
    endif()
  endforeach()
  file(GLOB_RECURSE inputs CONFIGURE_DEPENDS
    ${RINGSIDE_SDK_DIR}/data/* ${RINGSIDE_SDK_DIR}/flags/* ${RINGSIDE_SDK_DIR}/include/* ${RINGSIDE_SDK_DIR}/src/*
    ${RINGSIDE_SDK_DIR}/tools/*.py)
  list(APPEND inputs ${RINGSIDE_SDK_DIR}/ringside-cc)
  add_custom_command(OUTPUT ${RINGSIDE_KIT_DIR}/stamp
    COMMAND ${RINGSIDE_TOOL_python3} -B ${RINGSIDE_SDK_DIR}/tools/kit.py --out ${RINGSIDE_KIT_DIR}
    DEPENDS ${inputs} COMMENT "Driver kit" VERBATIM)
  add_custom_target(ringside_kit DEPENDS ${RINGSIDE_KIT_DIR}/stamp)
endfunction()

# ringside_add_driver(name SOURCES file...
#     [DEFINITIONS NAME=VALUE...] [INCLUDE_DIRECTORIES dir...] [OPTIONS clang-option...]
#     [LINK_OPTIONS lld-link-option...]
#     [LIBRARIES x.lib | x.def | target of another driver that exports...]
#     [WINDOWS win7] [ENTRY DriverEntry] [EXPORT_DRIVER x.def] [OUTPUT_DIRECTORY dir] [PDB] [EXCLUDE_FROM_ALL])
#
# Makes the target `name` and the file <build>/drivers/<name>.sys, whose path is the target's RINGSIDE_DRIVER_FILE.
# WINDOWS is the oldest Windows the driver is for: it decides what the headers offer and which imports are accepted.
function(ringside_add_driver name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "PDB;EXCLUDE_FROM_ALL" "WINDOWS;ENTRY;EXPORT_DRIVER;OUTPUT_DIRECTORY"
    "SOURCES;DEFINITIONS;INCLUDE_DIRECTORIES;LIBRARIES;OPTIONS;LINK_OPTIONS")
  if(arg_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "ringside_add_driver(${name}): unknown arguments: ${arg_UNPARSED_ARGUMENTS}")
  endif()
  if(NOT arg_SOURCES)
    message(FATAL_ERROR "ringside_add_driver(${name}): no SOURCES")
  endif()
  _ringside_kit()
  cmake_policy(SET CMP0116 NEW)

  set(windows)
  if(arg_WINDOWS)
    set(windows --windows ${arg_WINDOWS})
  endif()
  set(pdb)
  if(arg_PDB)
    set(pdb --pdb)
  endif()
  set(cc ${RINGSIDE_TOOL_python3} -B ${RINGSIDE_SDK_DIR}/ringside-cc --kit ${RINGSIDE_KIT_DIR} ${windows} ${pdb})
  list(TRANSFORM arg_DEFINITIONS PREPEND -D)
  set(includes)
  foreach(folder ${arg_INCLUDE_DIRECTORIES})
    cmake_path(ABSOLUTE_PATH folder NORMALIZE)
    list(APPEND includes -I${folder})
  endforeach()

  set(objects)
  set(object_dir ${CMAKE_CURRENT_BINARY_DIR}/CMakeFiles/${name}.driver)
  foreach(source ${arg_SOURCES})
    cmake_path(ABSOLUTE_PATH source NORMALIZE)
    cmake_path(GET source FILENAME filename)
    # Two sources of one name in different folders must not share an object.
    string(MD5 mark ${source})
    string(SUBSTRING ${mark} 0 6 mark)
    set(object ${object_dir}/${filename}.${mark}.obj)
    add_custom_command(OUTPUT ${object}
      COMMAND ${CMAKE_COMMAND} -E make_directory ${object_dir}
      COMMAND ${cc} -c ${source} -o ${object} -MD -MF ${object}.d ${arg_DEFINITIONS} ${includes} ${arg_OPTIONS}
      DEPENDS ${source} ${RINGSIDE_KIT_DIR}/stamp
      DEPFILE ${object}.d
      COMMENT "Driver object ${name}/${filename}" VERBATIM)
    list(APPEND objects ${object})
  endforeach()

  set(output_dir ${RINGSIDE_DRIVER_DIR})
  if(arg_OUTPUT_DIRECTORY)
    set(output_dir ${arg_OUTPUT_DIRECTORY})
  endif()
  set(driver ${output_dir}/${name}.sys)
  set(link)
  set(outputs ${driver})
  set(link_depends)
  if(arg_ENTRY)
    list(APPEND link --entry ${arg_ENTRY})
  endif()
  if(arg_PDB)
    list(APPEND outputs ${output_dir}/${name}.pdb)
  endif()
  set(own_def)
  if(arg_EXPORT_DRIVER)
    cmake_path(ABSOLUTE_PATH arg_EXPORT_DRIVER NORMALIZE OUTPUT_VARIABLE own_def)
    list(APPEND link --def ${own_def})
    list(APPEND outputs ${output_dir}/${name}.lib)
    list(APPEND link_depends ${own_def})
  endif()
  foreach(library ${arg_LIBRARIES})
    if(TARGET ${library})
      get_target_property(definition ${library} RINGSIDE_DRIVER_EXPORTS)
      if(NOT definition)
        message(FATAL_ERROR "ringside_add_driver(${name}): ${library} is no driver with EXPORT_DRIVER")
      endif()
      set(library ${definition})
    else()
      cmake_path(ABSOLUTE_PATH library NORMALIZE)
    endif()
    list(APPEND link ${library})
    list(APPEND link_depends ${library})
  endforeach()
  foreach(option ${arg_LINK_OPTIONS})
    list(APPEND link -Wl,${option})
  endforeach()
  add_custom_command(OUTPUT ${outputs}
    COMMAND ${CMAKE_COMMAND} -E make_directory ${output_dir}
    COMMAND ${cc} -o ${driver} ${link} ${objects}
    DEPENDS ${objects} ${link_depends} ${RINGSIDE_KIT_DIR}/stamp
    COMMENT "Driver ${name}.sys" VERBATIM)

  set(all ALL)
  if(arg_EXCLUDE_FROM_ALL)
    set(all)
  endif()
  add_custom_target(${name} ${all} DEPENDS ${outputs})
  add_dependencies(${name} ringside_kit)
  set_target_properties(${name} PROPERTIES RINGSIDE_DRIVER_FILE ${driver} RINGSIDE_DRIVER_EXPORTS "${own_def}")
endfunction()
