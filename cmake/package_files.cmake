# SPDX-License-Identifier: Apache-2.0
# Run by cpack behind the installation: what only the Debian package has.
set(share "${CPACK_TEMPORARY_DIRECTORY}/usr/share")
file(MAKE_DIRECTORY "${share}/lintian/overrides")
configure_file("${CPACK_ONEMARKET_BINARY}/debian/copyright" "${share}/doc/onemarketd/copyright" COPYONLY)
configure_file("${CPACK_ONEMARKET_BINARY}/debian/changelog" "${share}/doc/onemarketd/changelog.Debian" COPYONLY)
configure_file("${CPACK_ONEMARKET_SOURCE}/CHANGELOG.md" "${share}/doc/onemarketd/changelog" COPYONLY)
configure_file("${CPACK_ONEMARKET_SOURCE}/packaging/debian/lintian-overrides"
               "${share}/lintian/overrides/onemarketd" COPYONLY)
file(GLOB packed "${share}/man/man?/*" "${share}/doc/onemarketd/changelog*")
execute_process(COMMAND gzip -9nf ${packed} COMMAND_ERROR_IS_FATAL ANY)
# Whatever the umask is, and was when the sources came.
execute_process(COMMAND chmod -R u=rwX,go=rX "${CPACK_TEMPORARY_DIRECTORY}" COMMAND_ERROR_IS_FATAL ANY)
