# The pages and scripts of adapters/NAME/assets/ go into the program: each as it is, and compressed by gzip and brotli
# once, here, so that nobody compresses anything while serving. One .S with .incbin per folder (16 ms for what a C array
# takes half a second to compile) and one sorted table, NAME_assets[] of adapters/asset.h. Adding a file is
# dropping it into the folder.
#
# Where esbuild is installed, scripts and styles are minified, and a script brings the modules of part/ and page/ that it
# imports. Without it they are served as they are, and the modules, too: the browser does the same, only in more bytes. Scripts that
# are split share shared.js, and no page loads what only another one needs.
#
# The console of the staff is written for Preact and htm, which come from npm by version and hash, as one module; no Node. They
# are kept in GUIDEPOST_FETCHED; who builds without a network puts the archive there. Without it the program has no console, and
# its page says so.
find_program(GZIP gzip REQUIRED)
find_program(BROTLI brotli REQUIRED)
find_program(ESBUILD esbuild)
if(ESBUILD)
  message(STATUS "Assets: minified by ${ESBUILD}")
else()
  message(STATUS "Assets: not minified, esbuild is not installed")
endif()

set(ASSET_MODULES "^(part|page|from)/") # what others import
set(HTM htm-3.1.1)
set(HTM_SHA512 f7cdd5ca0f0dc1413b26467a3663aaa4267eb21d5b2afda2613954933956980e490f669c2a8c5de0a5716cc9b15fff399ad7dd9c399316834a720e43180bf135)
set(GUIDEPOST_FETCHED ${CMAKE_BINARY_DIR}/fetched CACHE PATH "Where archives of others are kept: ${HTM}.tgz")

# The path of preact/standalone.module.js, or "" and a warning. The hash is asked for again each time: half an archive is none.
function(fetch_preact ret)
  set(archive ${GUIDEPOST_FETCHED}/${HTM}.tgz)
  set(${ret} "" PARENT_SCOPE)
  set(hash "")
  if(EXISTS ${archive})
    file(SHA512 ${archive} hash)
  endif()
  if(NOT hash STREQUAL HTM_SHA512)
    file(DOWNLOAD https://registry.npmjs.org/htm/-/${HTM}.tgz ${archive}.part STATUS status TIMEOUT 60 INACTIVITY_TIMEOUT 15)
    if(EXISTS ${archive}.part)
      file(SHA512 ${archive}.part hash)
    endif()
    if(NOT hash STREQUAL HTM_SHA512)
      file(REMOVE ${archive}.part)
      message(WARNING "The program is built without the staff's console: Preact could not be downloaded (${status}). "
        "Build again with a network, or put https://registry.npmjs.org/htm/-/${HTM}.tgz into ${GUIDEPOST_FETCHED}.")
      return()
    endif()
    file(RENAME ${archive}.part ${archive})
  endif()
  file(ARCHIVE_EXTRACT INPUT ${archive} DESTINATION ${CMAKE_BINARY_DIR}/${HTM} PATTERNS "*/preact/standalone.module.js")
  set(${ret} ${CMAKE_BINARY_DIR}/${HTM}/package/preact/standalone.module.js PARENT_SCOPE)
endfunction()

# embed_assets(NAME FILE... [SPLIT SCRIPT...]): files of adapters/NAME/assets/, "PLACE=PATH" for one from elsewhere. They are put
# together in one folder first, where imports find one another. Each SCRIPT imports part/all.js, so there is one shared.js.
function(embed_assets folder)
  cmake_parse_arguments(ARG "" "" "SPLIT" ${ARGN})
  set(all ${CMAKE_BINARY_DIR}/assets/${folder})
  set(out ${all}/out)
  set(served "")
  set(split "")
  set(modules "")
  foreach(name ${ARG_UNPARSED_ARGUMENTS})
    set(from ${PROJECT_SOURCE_DIR}/adapters/${folder}/assets/${name})
    if(name MATCHES "^(.*)=(.*)$")
      set(name ${CMAKE_MATCH_1})
      set(from ${CMAKE_MATCH_2})
    endif()
    add_custom_command(OUTPUT ${all}/${name} COMMAND ${CMAKE_COMMAND} -E copy ${from} ${all}/${name} DEPENDS ${from} VERBATIM)
    if(name MATCHES ${ASSET_MODULES})
      list(APPEND modules ${all}/${name})
    endif()
    if(NOT ESBUILD OR NOT name MATCHES ${ASSET_MODULES})
      list(APPEND served ${name})
    endif()
  endforeach()
  if(ESBUILD AND ARG_SPLIT)
    list(APPEND served shared.js)
    list(TRANSFORM ARG_SPLIT PREPEND ${all}/ OUTPUT_VARIABLE entries)
    set(split ${ARG_SPLIT} shared.js)
    list(TRANSFORM split PREPEND ${all}/split/ OUTPUT_VARIABLE made)
    add_custom_command(OUTPUT ${made}
      COMMAND ${ESBUILD} ${entries} --bundle --splitting --chunk-names=shared --minify --format=esm --target=es2022
        --charset=utf8 --log-level=warning --outdir=${all}/split
      DEPENDS ${entries} ${modules} VERBATIM)
  endif()
  list(SORT served)

  set(assembly "    .section .rodata\n")
  set(c "#include \"adapters/asset.h\"\n\n")
  set(table "")
  set(made "")
  foreach(name ${served})
    set(to ${out}/${name})
    get_filename_component(parent ${to} DIRECTORY)
    file(MAKE_DIRECTORY ${parent})
    set(from ${all}/${name})
    if(name IN_LIST split)
      set(from ${all}/split/${name})
    endif()
    set(make ${CMAKE_COMMAND} -E copy ${from} ${to})
    if(ESBUILD AND NOT name IN_LIST split AND name MATCHES "\\.(js|css)$")
      set(make ${ESBUILD} ${all}/${name} --bundle --minify --target=es2022 --charset=utf8 --log-level=warning --outfile=${to})
      if(name STREQUAL "widget.js") # the one that is no module: other people's pages load it
        list(APPEND make --format=iife)
      elseif(name MATCHES "\\.js$")
        list(APPEND make --format=esm)
      endif()
    endif()
    add_custom_command(OUTPUT ${to} ${to}.gz ${to}.br
      COMMAND ${make}
      COMMAND ${GZIP} -9nc ${to} > ${to}.gz
      COMMAND ${BROTLI} -fq 11 -o ${to}.br ${to}
      DEPENDS ${from} ${modules} VERBATIM)
    list(APPEND made ${to} ${to}.gz ${to}.br)

    list(LENGTH made i)
    set(row "\"${name}\"")
    foreach(form "" .gz .br)
      string(REPLACE "." "_" symbol "${folder}_asset_${i}${form}")
      string(APPEND assembly "    .global ${symbol}\n    .global ${symbol}_end\n${symbol}:\n    .incbin \"${to}${form}\"\n${symbol}_end:\n    .byte 0\n")
      string(APPEND c "extern const char ${symbol}[], ${symbol}_end[];\n")
      string(APPEND row ", {${symbol}, ${symbol}_end}")
    endforeach()
    string(APPEND table "    {${row}},\n")
  endforeach()
  string(APPEND assembly "    .section .note.GNU-stack,\"\",%progbits\n")
  string(APPEND c "\nconst struct asset ${folder}_assets[] = {\n${table}    {.name = 0},\n};\n")
  file(GENERATE OUTPUT ${all}.S CONTENT "${assembly}")
  file(GENERATE OUTPUT ${all}.c CONTENT "${c}")
  target_sources(adapters PRIVATE ${all}.S ${all}.c)
  set_source_files_properties(${all}.S PROPERTIES OBJECT_DEPENDS "${made}")
endfunction()

set(AT ${PROJECT_SOURCE_DIR}/adapters)
file(GLOB_RECURSE WEB_ASSETS RELATIVE ${AT}/web/assets CONFIGURE_DEPENDS ${AT}/web/assets/*)
file(GLOB_RECURSE STAFF_ASSETS RELATIVE ${AT}/staff/assets CONFIGURE_DEPENDS ${AT}/staff/assets/*)
fetch_preact(PREACT)
if(PREACT)
  list(REMOVE_ITEM STAFF_ASSETS absent.html absent.css)
  list(APPEND STAFF_ASSETS from/preact.js=${PREACT} SPLIT console.js work.js office.js)
else()
  set(STAFF_ASSETS absent.html absent.css)
endif()
embed_assets(web ${WEB_ASSETS})
embed_assets(staff ${STAFF_ASSETS})
