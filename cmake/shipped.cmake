# The small talk and the synonyms of config/ also go into the program, byte for byte (bot/shipped.h): a bot that
# was given nothing but guides still says hello, and measures the same on every machine.
set(SHIPPED_S "    .section .rodata\n")
set(SHIPPED_FILES "")
foreach(name smalltalk synonyms)
  set(path ${PROJECT_SOURCE_DIR}/config/${name}.yaml)
  list(APPEND SHIPPED_FILES ${path})
  string(APPEND SHIPPED_S "    .global shipped_${name}\n    .global shipped_${name}_end\nshipped_${name}:\n    .incbin \"${path}\"\nshipped_${name}_end:\n    .byte 0\n")
endforeach()
string(APPEND SHIPPED_S "    .section .note.GNU-stack,\"\",%progbits\n")
file(GENERATE OUTPUT ${CMAKE_BINARY_DIR}/shipped.S CONTENT "${SHIPPED_S}")
target_sources(bot PRIVATE ${CMAKE_BINARY_DIR}/shipped.S)
set_source_files_properties(${CMAKE_BINARY_DIR}/shipped.S PROPERTIES OBJECT_DEPENDS "${SHIPPED_FILES}")
