# The pages and scripts of adapters/web/assets/ go into the program: each as it is, and compressed by gzip and brotli
# once, here, so that nobody compresses anything while serving. One .S with .incbin per file (16 ms for what a C array
# takes half a second to compile) and one sorted table, read through adapters/web/assets.h. Adding a file is
# dropping it into the folder.
#
# Where esbuild is installed, scripts and styles are minified, and a script brings the modules of part/ that it
# imports. Without it they are served as they are, and the modules, too: the browser does the same, only in more bytes.
find_program(GZIP gzip REQUIRED)
find_program(BROTLI brotli REQUIRED)
find_program(ESBUILD esbuild)
if(ESBUILD)
  message(STATUS "Assets: minified by ${ESBUILD}")
else()
  message(STATUS "Assets: not minified, esbuild is not installed")
endif()

set(ASSET_DIR ${PROJECT_SOURCE_DIR}/adapters/web/assets)
set(ASSET_OUT ${CMAKE_BINARY_DIR}/assets)
file(GLOB ASSETS RELATIVE ${ASSET_DIR} CONFIGURE_DEPENDS ${ASSET_DIR}/* ${ASSET_DIR}/words/*)
file(GLOB ASSET_PARTS RELATIVE ${ASSET_DIR} CONFIGURE_DEPENDS ${ASSET_DIR}/part/*)
list(FILTER ASSETS EXCLUDE REGEX "^(part|words)$")
if(NOT ESBUILD)
  list(APPEND ASSETS ${ASSET_PARTS})
endif()
list(SORT ASSETS)
list(TRANSFORM ASSET_PARTS PREPEND ${ASSET_DIR}/)

set(ASSET_S "    .section .rodata\n")
set(ASSET_C "#include \"adapters/web/assets.h\"\n\n")
set(ASSET_TABLE "")
set(ASSET_MADE "")
foreach(name ${ASSETS})
  set(from ${ASSET_DIR}/${name})
  set(to ${ASSET_OUT}/${name})
  get_filename_component(folder ${to} DIRECTORY)
  file(MAKE_DIRECTORY ${folder})
  set(make ${CMAKE_COMMAND} -E copy ${from} ${to})
  if(ESBUILD AND name MATCHES "\\.(js|css)$")
    set(make ${ESBUILD} ${from} --bundle --minify --target=es2022 --charset=utf8 --log-level=warning --outfile=${to})
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
    DEPENDS ${from} ${ASSET_PARTS} VERBATIM)
  list(APPEND ASSET_MADE ${to} ${to}.gz ${to}.br)

  list(LENGTH ASSET_MADE i)
  set(row "\"${name}\"")
  foreach(form "" .gz .br)
    string(REPLACE "." "_" symbol "asset_${i}${form}")
    string(APPEND ASSET_S "    .global ${symbol}\n    .global ${symbol}_end\n${symbol}:\n    .incbin \"${to}${form}\"\n${symbol}_end:\n    .byte 0\n")
    string(APPEND ASSET_C "extern const char ${symbol}[], ${symbol}_end[];\n")
    string(APPEND row ", {${symbol}, ${symbol}_end}")
  endforeach()
  string(APPEND ASSET_TABLE "    {${row}},\n")
endforeach()
string(APPEND ASSET_S "    .section .note.GNU-stack,\"\",%progbits\n")
string(APPEND ASSET_C "\nconst struct asset assets[] = {\n${ASSET_TABLE}    {.name = 0},\n};\n")
file(GENERATE OUTPUT ${CMAKE_BINARY_DIR}/assets.S CONTENT "${ASSET_S}")
file(GENERATE OUTPUT ${CMAKE_BINARY_DIR}/assets.c CONTENT "${ASSET_C}")
target_sources(adapters PRIVATE ${CMAKE_BINARY_DIR}/assets.S ${CMAKE_BINARY_DIR}/assets.c)
set_source_files_properties(${CMAKE_BINARY_DIR}/assets.S PROPERTIES OBJECT_DEPENDS "${ASSET_MADE}")
